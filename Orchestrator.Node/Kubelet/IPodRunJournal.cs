using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>A pod as the node's journal has it.</summary>
/// <param name="Pod">The newest version of its object that the node has seen.</param>
public sealed record JournaledPod(StoredObject Pod, PodRunState Run);

/// <summary>What the node remembers of its pods over its own restarts, without the control plane.</summary>
public interface IPodRunJournal
{
    /// <summary>All pods of a node that were not forgotten.</summary>
    Task<ImmutableArray<JournaledPod>> LoadAsync(string nodeName, CancellationToken cancellationToken);

    /// <summary>A number that is larger than at any earlier start of this node.</summary>
    Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken);

    /// <summary>Stores the newest version of a pod's object.</summary>
    Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken);

    /// <summary>Stores what happened to a pod, after what was stored before.</summary>
    Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken);

    Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken);
}

/// <summary>Remembers nothing: for simulated nodes, whose containers end with the process.</summary>
public sealed class NoJournal : IPodRunJournal
{
    public Task<ImmutableArray<JournaledPod>> LoadAsync(string nodeName, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<JournaledPod>.Empty);

    public Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken) => Task.FromResult(1L);

    public Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The journal as files: of each pod its object, and one line of JSON per event.</summary>
/// <remarks>A line that a crash cut short is left out; the runtime's own listing tells the rest.</remarks>
public sealed class FilePodRunJournal(string root) : IPodRunJournal
{
    private static readonly ImmutableDictionary<string, Type> Kinds = new[]
    {
        typeof(PodAccepted), typeof(SandboxStarted), typeof(SandboxRemoved), typeof(ContainerStarted), typeof(ContainerStartupFinished),
        typeof(ContainerExited), typeof(PodFailed),
    }.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal);

    private sealed record Line(string Kind, JsonElement Event);

    private string NodeDirectory(string node) => Path.Combine(root, "journal", node);

    private string PodFile(string node, string uid) => Path.Combine(NodeDirectory(node), uid + ".pod.json");

    private string EventFile(string node, string uid) => Path.Combine(NodeDirectory(node), uid + ".events");

    public Task<ImmutableArray<JournaledPod>> LoadAsync(string nodeName, CancellationToken cancellationToken) =>
        Task.Run(() =>
        {
            Directory.CreateDirectory(NodeDirectory(nodeName));
            var pods = ImmutableArray.CreateBuilder<JournaledPod>();
            foreach (var file in Directory.EnumerateFiles(NodeDirectory(nodeName), "*.pod.json"))
                if (ReadPod(file) is { } pod) pods.Add(new JournaledPod(pod, ReadRun(EventFile(nodeName, pod.Meta.Uid))));
            return pods.ToImmutable();
        }, cancellationToken);

    private static StoredObject? ReadPod(string file)
    {
        try
        {
            var json = File.ReadAllBytes(file);
            var meta = ObjectMeta.Parse(json);
            using var document = JsonDocument.Parse(json);
            var revision = document.RootElement.At("metadata").Text("resourceVersion");
            return new StoredObject(new ObjectKey(meta.Namespace, meta.Name), long.TryParse(revision, out var number) ? number : 0, json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static PodRunState ReadRun(string file)
    {
        var run = PodRunState.Empty;
        if (!File.Exists(file)) return run;
        foreach (var text in File.ReadLines(file))
        {
            try
            {
                var line = JsonSerializer.Deserialize<Line>(text)!;
                if (!Kinds.TryGetValue(line.Kind, out var kind)) throw new InvalidDataException($"unknown event {line.Kind} in {file}");
                run = run.Apply((PodRunEvent)line.Event.Deserialize(kind)!);
            }
            catch (JsonException)
            {
                break;
            }
        }
        return run;
    }

    public async Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(NodeDirectory(nodeName));
        var file = Path.Combine(NodeDirectory(nodeName), "epoch");
        var epoch = File.Exists(file) && long.TryParse(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false), out var last) ? last + 1 : 1;
        await ReplaceAsync(file, System.Text.Encoding.ASCII.GetBytes(epoch.ToString(System.Globalization.CultureInfo.InvariantCulture)), cancellationToken).ConfigureAwait(false);
        return epoch;
    }

    public Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken) =>
        ReplaceAsync(PodFile(nodeName, pod.Meta.Uid), pod.Json, cancellationToken);

    private static async Task ReplaceAsync(string file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(file + ".tmp", content, cancellationToken).ConfigureAwait(false);
        File.Move(file + ".tmp", file, overwrite: true);
    }

    public async Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken)
    {
        var lines = events.Select(e => JsonSerializer.Serialize(new Line(e.GetType().Name, JsonSerializer.SerializeToElement(e, e.GetType()))));
        await File.AppendAllLinesAsync(EventFile(nodeName, podUid), lines, cancellationToken).ConfigureAwait(false);
    }

    public Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken)
    {
        File.Delete(PodFile(nodeName, podUid));
        File.Delete(EventFile(nodeName, podUid));
        return Task.CompletedTask;
    }
}
