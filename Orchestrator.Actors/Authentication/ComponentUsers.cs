using System.Collections.Concurrent;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>As whom the parts of this product write what they would write as clients of a Kubernetes API server.</summary>
/// <remarks>Source of the names: kube-controller-manager with a service account per controller, kube-scheduler, and the node authorizer.</remarks>
public static class ComponentUsers
{
    private const string AccountsNamespace = "kube-system";

    private static readonly ConcurrentDictionary<string, UserInfo> Controllers = new(StringComparer.Ordinal);

    /// <summary>The group of all kubelets.</summary>
    public const string Nodes = "system:nodes";

    public static UserInfo Scheduler { get; } = new("system:kube-scheduler", "", [UserInfo.Authenticated]);

    /// <summary>What runs the controllers, for those of them that have no account of their own.</summary>
    public static UserInfo ControllerManager { get; } = new("system:kube-controller-manager", "", [UserInfo.Authenticated]);

    /// <summary>The kubelet of a node.</summary>
    public static UserInfo Node(string name) => new($"system:node:{name}", "", [Nodes, UserInfo.Authenticated]);

    /// <summary>The service account of a controller.</summary>
    /// <param name="component">As its Events name it, such as <c>daemonset-controller</c>, or the scheduler's name.</param>
    public static UserInfo Controller(string component) => Controllers.GetOrAdd(component, static c => c switch
    {
        "default-scheduler" => Scheduler,
        // What upstream does inside the API server, ours does there too.
        "customresourcedefinition-controller" => UserInfo.ApiServer,
        _ => new(ServiceAccountName.Of(new ObjectKey(AccountsNamespace, AccountOf(c))), "", [.. ServiceAccountName.GroupsOf(AccountsNamespace), UserInfo.Authenticated]),
    });

    // The accounts are older than some of the names.
    private static string AccountOf(string component) => component switch
    {
        "daemonset-controller" => "daemon-set-controller",
        "endpoints-controller" => "endpoint-controller",
        "replicationcontroller-controller" => "replication-controller",
        "serviceaccount-controller" => "service-account-controller",
        "persistentvolume-controller" => "persistent-volume-binder",
        "pod-collection-controller" => "pod-garbage-collector",
        "garbage-collector" => "generic-garbage-collector",
        "root-ca-cert-publisher-controller" => "root-ca-cert-publisher",
        "stale-pod-disruption-controller" => "disruption-controller",
        _ => component,
    };
}
