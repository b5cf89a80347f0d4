using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Controllers;

/// <summary>Runs single passes of a controller over a store, with caches that show all that was written.</summary>
internal sealed class ControllerPass(ResourceStore store, TimeProvider clock)
{
    private readonly ControllerCaches _caches = new(store.Registries);
    private readonly ActionRunner _runner = new(store, new EventRecorder(store.Registries, clock, ""));
    private ActionOutcome? _last;

    /// <summary>Decides and does; a decision that must be confirmed is made again first.</summary>
    public async Task<ReconcileResult> RunAsync(KindController controller, ObjectKey key, params IEnumerable<ResourceType> more)
    {
        foreach (var type in controller.Reads.Concat(more).Distinct())
            (await _caches.OpenAsync(type)).Reset((await store.Registries.InformerAsync(type)).Objects);
        var context = new ReconcileContext(clock.GetUtcNow(), "seed") { DeletionFailures = _last?.DeleteRefusals ?? [] };
        var result = controller.Reconcile(key, _caches, context);
        if (!result.Confirm.IsEmpty) result = controller.Reconcile(key, _caches, context with { Confirmed = true });
        _last = await _runner.RunAsync(result.Actions, controller.Name);
        return result;
    }

    /// <summary>What a change of an object triggers.</summary>
    public ImmutableArray<ObjectKey> Triggers(KindController controller, ResourceType type, ChangeKind kind, StoredObject o) =>
        [.. controller.KeysOf(type, new ObjectChange(kind, o, null), _caches)];
}
