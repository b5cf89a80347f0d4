using System.Collections.Immutable;
using System.Runtime.Serialization;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Node.Kubelet;

/// <summary>The stored and sent forms of the kubelet's events and messages.</summary>
public static class KubeletCodecs
{
    /// <summary>What happens to pods is one manifest per kind, so that the journal can be read and searched with plain SQL.</summary>
    public static IEnumerable<WireCodec> All =>
    [
        WireCodec.Json<StartKubelet>("start-kubelet"),
        WireCodec.Json<KubeletRunning>("kubelet-running"),
        WireCodec.Json<GetKubeletPods>("get-kubelet-pods"),
        WireCodec.Json<KubeletPods>("kubelet-pods"),
        WireCodec.Json<FindContainer>("find-container"),
        WireCodec.Json<ContainerFound>("container-found"),
        WireCodec.Json<KubeletStarted>("kubelet-started"),
        new(typeof(PodSeen), "pod-seen", e => ((PodSeen)e).Pod.ToArray(), bytes => new PodSeen(Pod(bytes))),
        Ran<PodAccepted>("pod-accepted"),
        Ran<SandboxStarted>("sandbox-started"),
        Ran<SandboxRemoved>("sandbox-removed"),
        Ran<ContainerStarted>("container-started"),
        Ran<ContainerStartupFinished>("container-startup-finished"),
        Ran<ContainerExited>("container-exited"),
        Ran<PodFailed>("pod-failed"),
        WireCodec.Json<PodForgotten>("pod-forgotten"),
        WireCodec.Binary<KubeletSnapshot>("kubelet-snapshot", WriteSnapshot, ReadSnapshot),
    ];

    private sealed record Line<T>(string Pod, T Event);

    private static WireCodec Ran<T>(string manifest) where T : PodRunEvent => new(
        typeof(PodRan),
        manifest,
        e => JsonSerializer.SerializeToUtf8Bytes(new Line<T>(((PodRan)e).Uid, (T)((PodRan)e).Event), WireJson.Options),
        bytes => JsonSerializer.Deserialize<Line<T>>(bytes, WireJson.Options) is { } line
            ? new PodRan(line.Pod, line.Event)
            : throw new SerializationException($"an event {manifest} is null"))
    { Variant = e => ((PodRan)e).Event is T };

    private static StoredObject Pod(ReadOnlyMemory<byte> json)
    {
        var meta = ObjectMeta.Parse(json.Span);
        return new StoredObject(new ObjectKey(meta.Namespace, meta.Name), meta.ResourceVersion, json);
    }

    private static void WriteSnapshot(WireWriter w, KubeletSnapshot snapshot)
    {
        w.Number(snapshot.Epoch);
        w.Number(snapshot.Pods.Length);
        foreach (var pod in snapshot.Pods)
        {
            w.Bytes(pod.Pod.Json.Span);
            w.Bytes(JsonSerializer.SerializeToUtf8Bytes(pod.Run, WireJson.Options));
        }
    }

    private static KubeletSnapshot ReadSnapshot(ref WireReader r)
    {
        var epoch = r.Number();
        var pods = new JournaledPod[r.Count()];
        for (var i = 0; i < pods.Length; i++)
        {
            var pod = Pod(r.Bytes());
            pods[i] = new JournaledPod(pod, JsonSerializer.Deserialize<PodRunState>(r.Bytes().Span, WireJson.Options)
                ?? throw new SerializationException("a pod of a kubelet's snapshot is null"));
        }
        return new KubeletSnapshot(epoch, [.. pods]);
    }
}
