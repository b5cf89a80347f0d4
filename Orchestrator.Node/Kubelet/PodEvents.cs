using System.Collections.Concurrent;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Words what kubelets tell about pods and containers as Events, in the name of the pod's node.</summary>
public sealed class PodEvents(EventRecorder recorder) : IPodEventSink
{
    private readonly ConcurrentDictionary<string, EventSource> _sources = new(StringComparer.Ordinal);

    public void Record(PodManifest pod, string? container, string type, string reason, string message)
    {
        var path = container is null ? "" : $"spec.{(pod.InitContainers.Any(c => c.Name == container) ? "initContainers" : "containers")}{{{container}}}";
        recorder.Record(
            new EventAction(ResourceTypes.Pods, new ObjectKey(pod.Meta.Namespace, pod.Meta.Name), "v1", "Pod", pod.Meta.Uid, type == "Warning", reason, message)
            { FieldPath = path, Revision = pod.Revision },
            _sources.GetOrAdd(pod.NodeName, static node => new EventSource("kubelet", FieldManagers.Kubelet, node)));
    }
}
