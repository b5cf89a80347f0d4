using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>Who tells Events.</summary>
/// <param name="Component">Such as <c>kubelet</c> or <c>deployment-controller</c>.</param>
/// <param name="Manager">Who owns the fields of the Event.</param>
/// <param name="Host">The node that it speaks for; null for the machine of the recorder.</param>
public sealed record EventSource(string Component, string Manager, string? Host = null);

/// <summary>Records Kubernetes Events: the same thing said again raises a count instead of filling the store.</summary>
/// <remarks>
/// Calls return at once and may come from any thread; what has gathered is written as one commit. Events are news, not records: when
/// the registry cannot keep up the newest are dropped, never the work that they tell of. Source of the aggregation: client-go, tools/record.
/// </remarks>
/// <param name="host">The machine that tells them; empty leaves it out.</param>
public sealed class EventRecorder(IRegistries registries, TimeProvider clock, string host)
{
    /// <summary>Most events that wait for a commit (count).</summary>
    private const int PendingMax = 20_000;

    /// <summary>Most events of one commit (count).</summary>
    private const int BatchMax = 500;

    /// <summary>Most different events that can be counted up (count); source: client-go, maxLruCacheEntries = 4096.</summary>
    private const int KnownMax = 4096;

    /// <summary>How long an event counts up; then it is told anew. Source: client-go, defaultAggregateIntervalInSeconds.</summary>
    private static readonly TimeSpan CountedFor = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Queue<News> _pending = new();
    private bool _writing;

    /// <summary>After so many different messages of one reason about one object, further ones are told as one event.
    /// Source: client-go, defaultAggregateMaxEvents.</summary>
    private const int SimilarMax = 10;

    private const string Combined = "(combined from similar events): ";

    // What is below belongs to whoever writes, and only one does at a time.
    private readonly Dictionary<(string Uid, string FieldPath, string Reason, string Message), Known> _known = [];
    private readonly Dictionary<(string Uid, string FieldPath, string Reason, string Component), Similar> _similar = [];
    private long _last;

    private readonly record struct News(EventAction Event, EventSource Source, DateTimeOffset At);

    private sealed class Similar
    {
        public HashSet<string> Messages { get; } = new(StringComparer.Ordinal);
        public DateTimeOffset Last { get; set; }
    }

    private sealed record Known(ObjectKey Key, string Uid, int Count, DateTimeOffset First, DateTimeOffset Last);

    public void Record(EventAction e, EventSource source)
    {
        var news = new News(e, source, clock.GetUtcNow());
        lock (_lock)
        {
            if (_pending.Count >= PendingMax) return;
            _pending.Enqueue(news);
            if (_writing) return;
            _writing = true;
        }
        // Whoever has something to tell has other things to do than to word it.
        _ = Task.Run(WriteAsync);
    }

    private async Task WriteAsync()
    {
        var batch = new List<News>();
        while (true)
        {
            batch.Clear();
            lock (_lock)
            {
                while (batch.Count < BatchMax && _pending.TryDequeue(out var news)) batch.Add(news);
                if (batch.Count == 0)
                {
                    _writing = false;
                    return;
                }
            }
            try
            {
                var writers = new Dictionary<ObjectKey, EventSource>();
                var writes = WritesOf(batch, writers);
                var results = await registries.WriteAsync(ResourceTypes.Events, writes, write => UserOf(writers[write.Key])).ConfigureAwait(false);
                // Somebody has cleared the events away meanwhile: what is said again is told again, with its count.
                var anew = writes.Where((w, i) => w is ReplaceObject && results[i].Error is { Reason: "NotFound" })
                    .Select(static w => (ObjectWrite)new CreateObject(w.Key, ((ReplaceObject)w).Json)).ToImmutableArray();
                if (!anew.IsEmpty) await registries.WriteAsync(ResourceTypes.Events, anew, write => UserOf(writers[write.Key])).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The registry is moving or the system is going down; the events of this batch are lost, and that is all.
            }
        }
    }

    private static UserInfo UserOf(EventSource source) =>
        source is { Component: "kubelet", Host: { } node } ? ComponentUsers.Node(node) : ComponentUsers.Controller(source.Component);

    private ImmutableArray<ObjectWrite> WritesOf(List<News> batch, Dictionary<ObjectKey, EventSource> writers)
    {
        var writes = new Dictionary<ObjectKey, ObjectWrite>();
        foreach (var (told, source, at) in batch)
        {
            var isOneOfMany = IsOneOfMany(told, source, at);
            var e = isOneOfMany ? told with { Message = Combined + told.Message } : told;
            var id = (e.Uid, e.FieldPath, e.Reason, isOneOfMany ? Combined : e.Message);
            var again = _known.TryGetValue(id, out var before) && at - before.Last < CountedFor;
            if (!again && _known.Count >= KnownMax) _known.Clear();
            var known = _known[id] = again ? before! with { Count = before.Count + 1, Last = at } : Begin(e, at);
            var json = UncommittedJson.From(TreeOf(e, source, known));
            writers[known.Key] = source;
            // A repetition within one batch: the object is not there yet, so its creation takes the new count.
            var isNew = !again || writes.GetValueOrDefault(known.Key) is CreateObject;
            writes[known.Key] = isNew ? new CreateObject(known.Key, json) : new ReplaceObject(known.Key, json);
        }
        return [.. writes.Values];
    }

    private bool IsOneOfMany(EventAction e, EventSource source, DateTimeOffset at)
    {
        var id = (e.Uid, e.FieldPath, e.Reason, source.Component);
        if (!_similar.TryGetValue(id, out var similar) || at - similar.Last >= CountedFor)
        {
            if (_similar.Count >= KnownMax) _similar.Clear();
            _similar[id] = similar = new Similar();
        }
        similar.Last = at;
        if (similar.Messages.Count >= SimilarMax) return !similar.Messages.Contains(e.Message);
        similar.Messages.Add(e.Message);
        return false;
    }

    private Known Begin(EventAction e, DateTimeOffset now)
    {
        // Names must differ from each other alone; time orders them for people who list them.
        _last = Math.Max(_last + 1, now.UtcTicks);
        var key = new ObjectKey(e.Key.Namespace.Length > 0 ? e.Key.Namespace : "default", string.Create(CultureInfo.InvariantCulture, $"{e.Key.Name}.{_last:x}"));
        return new Known(key, Guid.CreateVersion7(now).ToString(), 1, now, now);
    }

    private JsonObject TreeOf(EventAction e, EventSource source, Known known)
    {
        var from = source.Host ?? host;
        var involved = new JsonObject { ["kind"] = e.Kind };
        if (e.Key.Namespace.Length > 0) involved["namespace"] = e.Key.Namespace;
        involved["name"] = e.Key.Name;
        involved["uid"] = e.Uid;
        involved["apiVersion"] = e.ApiVersion;
        if (e.Revision > 0) involved["resourceVersion"] = e.Revision.ToString(CultureInfo.InvariantCulture);
        if (e.FieldPath.Length > 0) involved["fieldPath"] = e.FieldPath;
        var first = KindTime.Format(known.First);
        var tree = new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = known.Key.Name,
                ["namespace"] = known.Key.Namespace,
                ["uid"] = known.Uid,
                ["creationTimestamp"] = first,
            },
            ["involvedObject"] = involved,
            ["reason"] = e.Reason,
            ["message"] = e.Message,
            ["source"] = from.Length > 0 ? new JsonObject { ["component"] = source.Component, ["host"] = from } : new JsonObject { ["component"] = source.Component },
            ["firstTimestamp"] = first,
            ["lastTimestamp"] = KindTime.Format(known.Last),
            ["count"] = known.Count,
            ["type"] = e.Warning ? "Warning" : "Normal",
            ["eventTime"] = null,
            ["reportingComponent"] = source.Component,
            ["reportingInstance"] = from,
        };
        FieldRecord.OfCreate(ResourceTypes.Events, tree, source.Manager, known.Last);
        return tree;
    }
}
