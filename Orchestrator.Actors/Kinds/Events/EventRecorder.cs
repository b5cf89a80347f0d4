using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>Records Kubernetes Events: the same thing said again raises a count instead of filling the store.</summary>
/// <remarks>
/// Calls return at once; what has gathered is written as one commit. Events are a help for people, so when the registry cannot
/// keep up the newest are dropped, never the work that they tell of. Source of the aggregation: client-go, tools/record.
/// </remarks>
public sealed class EventRecorder(IRegistries registries, TimeProvider clock, string host)
{
    /// <summary>Most events that wait for a commit (count).</summary>
    private const int PendingMax = 10_000;

    /// <summary>Most different events that can be counted up (count); source: client-go, maxLruCacheEntries = 4096.</summary>
    private const int KnownMax = 4096;

    /// <summary>How long an event counts up; then it is told anew. Source: client-go, defaultAggregateIntervalInSeconds.</summary>
    private static readonly TimeSpan CountedFor = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Uid, string Reason, string Message), Known> _known = [];
    private readonly Dictionary<ObjectKey, ObjectWrite> _pending = [];
    private bool _writing;
    private long _last;

    private sealed record Known(ObjectKey Key, JsonObject Tree, int Count, DateTimeOffset Last);

    public void Record(EventAction e, string component)
    {
        lock (_lock)
        {
            if (_pending.Count >= PendingMax) return;
            var now = clock.GetUtcNow();
            var id = (e.Uid, e.Reason, e.Message);
            if (_known.Count >= KnownMax) _known.Clear();
            var known = _known.TryGetValue(id, out var before) && now - before.Last < CountedFor
                ? before with { Count = before.Count + 1, Last = now }
                : Make(e, component, now);
            _known[id] = known;
            known.Tree["count"] = known.Count;
            known.Tree["lastTimestamp"] = KindTime.Format(now);
            var json = UncommittedJson.From(known.Tree);
            var isNew = known.Count == 1 || (_pending.TryGetValue(known.Key, out var waiting) && waiting is CreateObject);
            _pending[known.Key] = isNew ? new CreateObject(known.Key, json) : new ReplaceObject(known.Key, json);
            if (_writing) return;
            _writing = true;
        }
        _ = WriteAsync();
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            ImmutableArray<ObjectWrite> batch;
            lock (_lock)
            {
                if (_pending.Count == 0)
                {
                    _writing = false;
                    return;
                }
                batch = [.. _pending.Values];
                _pending.Clear();
            }
            try
            {
                await registries.WriteAsync(ResourceTypes.Events, batch).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The registry is moving or the system is going down; the events of this batch are lost, and that is all.
            }
        }
    }

    private Known Make(EventAction e, string component, DateTimeOffset now)
    {
        // Names must differ from each other alone; time orders them for people who list them.
        _last = Math.Max(_last + 1, now.UtcTicks);
        var ns = e.Key.Namespace.Length > 0 ? e.Key.Namespace : "default";
        var key = new ObjectKey(ns, string.Create(CultureInfo.InvariantCulture, $"{e.Key.Name}.{_last:x}"));
        var involved = new JsonObject { ["kind"] = e.Kind };
        if (e.Key.Namespace.Length > 0) involved["namespace"] = e.Key.Namespace;
        involved["name"] = e.Key.Name;
        involved["uid"] = e.Uid;
        involved["apiVersion"] = e.ApiVersion;
        var time = KindTime.Format(now);
        var tree = new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name,
                ["namespace"] = ns,
                ["uid"] = Guid.CreateVersion7(now).ToString(),
                ["creationTimestamp"] = time,
            },
            ["involvedObject"] = involved,
            ["reason"] = e.Reason,
            ["message"] = e.Message,
            ["source"] = host.Length > 0 ? new JsonObject { ["component"] = component, ["host"] = host } : new JsonObject { ["component"] = component },
            ["firstTimestamp"] = time,
            ["lastTimestamp"] = time,
            ["count"] = 1,
            ["type"] = e.Warning ? "Warning" : "Normal",
            ["eventTime"] = null,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host,
        };
        FieldRecord.OfCreate(ResourceTypes.Events, tree, component == SchedulerActor.SchedulerName ? FieldManagers.Scheduler : FieldManagers.ControllerManager, now);
        return new Known(key, tree, 1, now);
    }
}
