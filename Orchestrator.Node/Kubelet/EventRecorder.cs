using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Writes Events about pods in the background. What repeats is counted, and what comes too fast is dropped: events are news, not records.</summary>
public sealed class EventRecorder : IPodEventSink, IAsyncDisposable
{
    /// <summary>Most events that wait (count).</summary>
    private const int PendingMax = 20_000;

    /// <summary>Most events that are remembered to be counted (count).</summary>
    /// <remarks>Source: client-go, maxLruCacheEntries.</remarks>
    private const int RememberedMax = 4096;

    private const int BatchMax = 500;

    /// <summary>How long an event of the same words counts as a repetition.</summary>
    private static readonly TimeSpan RepeatsWithin = TimeSpan.FromMinutes(10);

    private readonly IRegistries _registries;
    private readonly TimeProvider _clock;
    private readonly Channel<PodNews> _pending = Channel.CreateBounded<PodNews>(new BoundedChannelOptions(PendingMax) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, Remembered> _remembered = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;
    private long _serial;

    public EventRecorder(IRegistries registries, TimeProvider clock)
    {
        _registries = registries;
        _clock = clock;
        _serial = clock.GetUtcNow().UtcTicks;
        _writing = Task.Run(WriteAsync);
    }

    private sealed record PodNews(PodManifest Pod, string? Container, string Type, string Reason, string Message, DateTimeOffset At);

    private sealed record Remembered(string Name, string Uid, int Count, DateTimeOffset First, DateTimeOffset Last);

    public void Record(PodManifest pod, string? container, string type, string reason, string message) =>
        _pending.Writer.TryWrite(new PodNews(pod, container, type, reason, message, _clock.GetUtcNow()));

    private async Task WriteAsync()
    {
        try
        {
            while (await _pending.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                var writes = new Dictionary<ObjectKey, ObjectWrite>();
                while (writes.Count < BatchMax && _pending.Reader.TryRead(out var news))
                {
                    var write = WriteOf(news);
                    // A repetition within one batch: the object does not exist yet, so its creation takes the new count.
                    writes[write.Key] = write is ReplaceObject again && writes.TryGetValue(write.Key, out var earlier) && earlier is CreateObject
                        ? new CreateObject(again.Key, again.Json) : write;
                }
                // Refusals are final: an event is not worth a second try.
                await _registries.WriteAsync(ResourceTypes.Events, [.. writes.Values], _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private ObjectWrite WriteOf(PodNews news)
    {
        var key = $"{news.Pod.Meta.Uid}/{news.Container}/{news.Reason}/{news.Message}";
        if (_remembered.TryGetValue(key, out var known) && news.At - known.Last < RepeatsWithin)
        {
            known = known with { Count = known.Count + 1, Last = news.At };
            _remembered[key] = known;
            return new ReplaceObject(new ObjectKey(news.Pod.Meta.Namespace, known.Name), Json(news, known));
        }
        if (_remembered.Count >= RememberedMax) _remembered.Clear();
        var name = $"{news.Pod.Meta.Name}.{Interlocked.Increment(ref _serial).ToString("x16", CultureInfo.InvariantCulture)}";
        var fresh = _remembered[key] = new Remembered(name, Guid.NewGuid().ToString(), 1, news.At, news.At);
        return new CreateObject(new ObjectKey(news.Pod.Meta.Namespace, name), Json(news, fresh));
    }

    private static UncommittedJson Json(PodNews news, Remembered e)
    {
        var subject = new JsonObject
        {
            ["kind"] = "Pod",
            ["namespace"] = news.Pod.Meta.Namespace,
            ["name"] = news.Pod.Meta.Name,
            ["uid"] = news.Pod.Meta.Uid,
            ["apiVersion"] = "v1",
            ["resourceVersion"] = news.Pod.Revision.ToString(CultureInfo.InvariantCulture),
        };
        if (news.Container is { } container)
        {
            var list = news.Pod.InitContainers.Any(c => c.Name == container) ? "initContainers" : "containers";
            subject["fieldPath"] = $"spec.{list}{{{container}}}";
        }
        var tree = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject
            {
                ["name"] = e.Name,
                ["namespace"] = news.Pod.Meta.Namespace,
                ["uid"] = e.Uid,
                ["creationTimestamp"] = PodStatusWriter.Time(e.First),
            },
            ["involvedObject"] = subject,
            ["reason"] = news.Reason,
            ["message"] = news.Message,
            ["source"] = new JsonObject { ["component"] = "kubelet", ["host"] = news.Pod.NodeName },
            ["firstTimestamp"] = PodStatusWriter.Time(e.First),
            ["lastTimestamp"] = PodStatusWriter.Time(e.Last),
            ["count"] = e.Count,
            ["type"] = news.Type,
            ["eventTime"] = null,
            ["reportingComponent"] = "kubelet",
            ["reportingInstance"] = news.Pod.NodeName,
        };
        FieldRecord.OfCreate(ResourceTypes.Events, tree, FieldManagers.Kubelet, e.Last);
        return UncommittedJson.From(tree);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
