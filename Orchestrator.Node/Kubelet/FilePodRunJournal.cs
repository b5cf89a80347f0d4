using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Kubelet;

/// <summary>The journal as files: of each pod its object, and one line of JSON per event.</summary>
/// <remarks>
/// A task that has completed is on the disk. A line that a crash cut short is cut off; the runtime's own listing tells the rest.
/// </remarks>
public sealed class FilePodRunJournal(string root) : IPodRunJournal
{
    private static readonly ImmutableDictionary<string, Type> Kinds = new[]
    {
        typeof(PodAccepted), typeof(SandboxStarted), typeof(SandboxRemoved), typeof(ContainerStarted), typeof(ContainerStartupFinished),
        typeof(ContainerExited), typeof(PodFailed),
    }.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>The last work of each share of the subjects: writes to one file never overlap, and keep their order.</summary>
    private readonly Task[] _last = [.. Enumerable.Repeat(Task.CompletedTask, 16)];

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
        var bytes = File.ReadAllBytes(file);
        var at = 0;
        while (at < bytes.Length && Array.IndexOf(bytes, (byte)'\n', at) is >= 0 and var end)
        {
            if (Read(bytes.AsSpan(at, end - at), file) is not { } e) break;
            run = run.Apply(e);
            at = end + 1;
        }
        if (at < bytes.Length) Cut(file, at); // what is appended next would else be part of the broken line
        return run;
    }

    private static PodRunEvent? Read(ReadOnlySpan<byte> text, string file)
    {
        try
        {
            var line = JsonSerializer.Deserialize<Line>(text)!;
            if (!Kinds.TryGetValue(line.Kind, out var kind)) throw new InvalidDataException($"unknown event {line.Kind} in {file}");
            return (PodRunEvent)line.Event.Deserialize(kind)!;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Cut(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(length);
        stream.Flush(flushToDisk: true);
    }

    public Task<long> NextEpochAsync(string nodeName, CancellationToken cancellationToken) => DoAsync(nodeName, () =>
    {
        Directory.CreateDirectory(NodeDirectory(nodeName));
        var file = Path.Combine(NodeDirectory(nodeName), "epoch");
        var epoch = File.Exists(file) && long.TryParse(File.ReadAllText(file), out var last) ? last + 1 : 1;
        DurableFile.Replace(file, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
        return epoch;
    }, cancellationToken);

    public Task SaveAsync(string nodeName, StoredObject pod, CancellationToken cancellationToken) => DoAsync(pod.Meta.Uid, () =>
    {
        DurableFile.Replace(PodFile(nodeName, pod.Meta.Uid), pod.Json.Span);
        return true;
    }, cancellationToken);

    public Task AppendAsync(string nodeName, string podUid, ImmutableArray<PodRunEvent> events, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream();
        foreach (var e in events)
        {
            lines.Write(JsonSerializer.SerializeToUtf8Bytes(new Line(e.GetType().Name, JsonSerializer.SerializeToElement(e, e.GetType()))));
            lines.WriteByte((byte)'\n');
        }
        var bytes = lines.ToArray();
        return DoAsync(podUid, () =>
        {
            DurableFile.Append(EventFile(nodeName, podUid), bytes);
            return true;
        }, cancellationToken);
    }

    public Task ForgetAsync(string nodeName, string podUid, CancellationToken cancellationToken) => DoAsync(podUid, () =>
    {
        File.Delete(PodFile(nodeName, podUid));
        File.Delete(EventFile(nodeName, podUid));
        return true;
    }, cancellationToken);

    /// <summary>Does the work off the caller's thread, after what was asked for the same subject before.</summary>
    private Task<T> DoAsync<T>(string subject, Func<T> work, CancellationToken cancellationToken)
    {
        var turn = (uint)string.GetHashCode(subject, StringComparison.Ordinal) % _last.Length;
        lock (_last)
        {
            var next = _last[turn].ContinueWith(_ => work(), cancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
            _last[turn] = next;
            return next;
        }
    }
}
