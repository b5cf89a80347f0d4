using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>Keeps the flow controller at what the objects of flowcontrol.apiserver.k8s.io say, and tells schemas whether their level exists.</summary>
public sealed partial class FlowConfiguration(ResourceStore store, FlowController flows, TimeProvider clock, ILogger logger)
{
    private static readonly ResourceType SchemaType = new("flowcontrol.apiserver.k8s.io", "flowschemas");
    private static readonly ResourceType LevelType = new("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations");

    /// <summary>Makes what every cluster starts with, then follows all changes until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await EnsureAsync(LevelType, DefaultFlows.Levels(), cancellationToken).ConfigureAwait(false);
            await EnsureAsync(SchemaType, DefaultFlows.Schemas(), cancellationToken).ConfigureAwait(false);
            var schemas = await store.Registries.InformerAsync(SchemaType, cancellationToken).ConfigureAwait(false);
            var levels = await store.Registries.InformerAsync(LevelType, cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var (now, level) = (schemas.Objects, levels.Objects);
                flows.Configure([.. now.EnumerateFrom().Select(FlowSchema.Parse)], [.. level.EnumerateFrom().Select(PriorityLevelLimits.Parse)]);
                await TellDanglingAsync(now, level, cancellationToken).ConfigureAwait(false);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(
                    schemas.WaitForAsync(now.Revision + 1, either.Token).AsTask(), levels.WaitForAsync(level.Revision + 1, either.Token).AsTask()).ConfigureAwait(false);
                await either.CancelAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception e)
        {
            LogFailure(logger, e);
        }
    }

    private async Task EnsureAsync(ResourceType type, IEnumerable<JsonObject> objects, CancellationToken cancellationToken)
    {
        var informer = await store.Registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        var missing = objects.Where(o => informer.Get(new ObjectKey("", (string)o["metadata"]!["name"]!)) is null).ToList();
        // Another server may make them at the same time, which is as good.
        if (missing.Count > 0) await store.CreateManyAsync(type, missing, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private async Task TellDanglingAsync(ObjectIndex schemas, ObjectIndex levels, CancellationToken cancellationToken)
    {
        var updates = new List<StatusUpdate>();
        foreach (var stored in schemas.EnumerateFrom())
        {
            var tree = stored.ToTree();
            var level = JsonTree.String(JsonTree.Object(JsonTree.Object(tree, "spec"), "priorityLevelConfiguration"), "name") ?? "";
            var exists = levels.Get(new ObjectKey("", level)) is not null;
            var (status, reason, message) = exists
                ? ("False", "Found", $"This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" and it exists")
                : ("True", "NotFound", $"This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" but there is no such object");
            var conditions = JsonTree.Array(JsonTree.Object(tree, "status"), "conditions")?.OfType<JsonObject>().ToList() ?? [];
            var dangling = conditions.Find(static c => JsonTree.String(c, "type") == "Dangling");
            if (JsonTree.String(dangling, "status") == status && JsonTree.String(dangling, "message") == message) continue;
            var condition = new JsonObject
            {
                ["type"] = "Dangling",
                ["status"] = status,
                ["lastTransitionTime"] = Rfc3339.Seconds(clock.GetUtcNow()),
                ["reason"] = reason,
                ["message"] = message,
            };
            var all = new JsonArray([.. conditions.Where(c => c != dangling).Select(static c => (JsonNode?)c.DeepClone()), condition]);
            updates.Add(new StatusUpdate(stored.Key, JsonTree.ToUtf8(new JsonObject { ["conditions"] = all }), stored.Meta.Uid, stored.Revision));
        }
        if (updates.Count > 0) await store.UpdateStatusManyAsync(SchemaType, updates, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The flow schemas and priority levels are no longer followed")]
    private static partial void LogFailure(ILogger logger, Exception exception);
}
