namespace Orchestrator.Node.Kubelet;

/// <summary>Takes the Events that users read with <c>kubectl describe</c>. Any thread may call; nothing is awaited.</summary>
public interface IPodEventSink
{
    /// <param name="container">The container that it concerns, or null for the pod.</param>
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    void Record(PodManifest pod, string? container, string type, string reason, string message);
}
