using System.Globalization;

namespace Orchestrator.Node.Runtime.Docker;

/// <summary>The labels that tell whose a container of the engine is; the pod's are those that other tools know.</summary>
internal static class DockerLabels
{
    public const string PodName = "io.kubernetes.pod.name";
    public const string PodNamespace = "io.kubernetes.pod.namespace";
    public const string PodUid = "io.kubernetes.pod.uid";
    public const string ContainerName = "io.kubernetes.container.name";
    public const string RestartCount = "io.kubernetes.container.restartCount";
    public const string Node = "orchestrator.node";
    public const string Owner = "orchestrator.owner";
    public const string Epoch = "orchestrator.epoch";
    public const string Kind = "orchestrator.kind";
    public const string HostNetwork = "orchestrator.host-network";
    public const string ImageName = "orchestrator.image";

    public const string Sandbox = "sandbox";
    public const string Container = "container";

    public static Dictionary<string, string> Of(PodIdentity pod, string owner, string kind, int attempt) => new(StringComparer.Ordinal)
    {
        [PodName] = pod.Name,
        [PodNamespace] = pod.Namespace,
        [PodUid] = pod.Uid,
        [Node] = pod.NodeName,
        [Owner] = owner,
        [Epoch] = pod.Epoch.ToString(CultureInfo.InvariantCulture),
        [Kind] = kind,
        [RestartCount] = attempt.ToString(CultureInfo.InvariantCulture),
    };

    public static PodIdentity Pod(IDictionary<string, string> labels) => new(
        Text(labels, Node), Text(labels, PodNamespace), Text(labels, PodName), Text(labels, PodUid), Number(labels, Epoch));

    public static string Text(IDictionary<string, string> labels, string name) => labels.TryGetValue(name, out var value) ? value : "";

    public static int Attempt(IDictionary<string, string> labels) => (int)Number(labels, RestartCount);

    private static long Number(IDictionary<string, string> labels, string name) =>
        long.TryParse(Text(labels, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
