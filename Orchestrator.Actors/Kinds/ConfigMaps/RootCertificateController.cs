using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ConfigMaps;

/// <summary>Gives every namespace the certificate by which its pods recognize the API server.</summary>
/// <remarks>Source: pkg/controller/certificates/rootcacertpublisher of Kubernetes.</remarks>
/// <param name="certificatePem">Of the cluster's authority.</param>
public sealed class RootCertificateController(string certificatePem) : KindController
{
    public const string ConfigMapName = "kube-root-ca.crt";

    private const string DescriptionAnnotation = "kubernetes.io/description";

    private const string Description =
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or "
        + "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

    public override string Name => "root-ca-cert-publisher";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Namespaces, ResourceTypes.ConfigMaps];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Namespaces) return change.Kind == ChangeKind.Added ? [change.Object.Key] : [];
        return change.Object.Key.Name == ConfigMapName && change.Kind != ChangeKind.Added ? [new ObjectKey("", change.Object.Key.Namespace)] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.Namespaces].Get(key) is not { Meta.Deleting: false }) return ReconcileResult.None;
        var target = new ObjectKey(key.Name, ConfigMapName);
        var data = new JsonObject { ["ca.crt"] = certificatePem };
        var annotations = new JsonObject { [DescriptionAnnotation] = Description };
        if (caches[ResourceTypes.ConfigMaps].Get(target) is not { } there)
            return new ReconcileResult([new CreateAction(ResourceTypes.ConfigMaps, target, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject { ["name"] = target.Name, ["namespace"] = target.Namespace, ["annotations"] = annotations },
                ["data"] = data,
            })]);
        if (there.Meta.Deleting || JsonTree.DeepEquals(there.ToTree()["data"], data)) return ReconcileResult.None;
        data = JsonTree.Object(there.ToTree(), "data") is { } old
            ? new JsonObject(old.Where(static e => e.Key != "ca.crt").Select(static e => KeyValuePair.Create(e.Key, (JsonNode?)null)).Append(KeyValuePair.Create("ca.crt", (JsonNode?)certificatePem)))
            : data;
        return new ReconcileResult([new PatchAction(ResourceTypes.ConfigMaps, target, there.Meta.Uid, new JsonObject { ["data"] = data })]);
    }
}
