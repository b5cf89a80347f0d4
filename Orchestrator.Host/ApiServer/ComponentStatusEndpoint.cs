using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The health of the parts of the control plane, found out when it is asked for; nothing of it is stored.</summary>
/// <remarks>The parts have the names of Kubernetes: what keeps the data here is called etcd-0, because clients look for it.
/// Source: kubernetes pkg/registry/core/componentstatus.</remarks>
public sealed class ComponentStatusEndpoint(ResourceStore store, Representations representations, IReadOnlyList<HealthCheck> components) : ComputedKindEndpoint(representations)
{
    /// <summary>How long one part is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static bool Handles(ResourceSchema schema) => schema.Type == ResourceTypes.ComponentStatuses;

    protected override async Task<StoredObject?> FindAsync(ResourceSchema schema, ObjectKey key, CancellationToken cancellationToken) =>
        All().FirstOrDefault(c => c.Name == key.Name) is { } one ? await ExamineAsync(one, cancellationToken).ConfigureAwait(false) : null;

    protected override async Task<IReadOnlyList<StoredObject>> ListAsync(ResourceSchema schema, string ns, Selection selection, CancellationToken cancellationToken)
    {
        var examined = await Task.WhenAll(All().Select(c => ExamineAsync(c, cancellationToken))).ConfigureAwait(false);
        return [.. examined.Where(selection.Matches)];
    }

    private IEnumerable<HealthCheck> All() => components.Append(new HealthCheck("etcd-0", CheckStoreAsync)).OrderBy(static c => c.Name, StringComparer.Ordinal);

    /// <summary>The store is well when a registry tells how far it is.</summary>
    private async ValueTask<string?> CheckStoreAsync(CancellationToken cancellationToken)
    {
        await store.Registries.ConsistentAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private static async Task<StoredObject> ExamineAsync(HealthCheck component, CancellationToken aborted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        patience.CancelAfter(Patience);
        string? fault;
        try
        {
            fault = await component.Fault(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!aborted.IsCancellationRequested)
        {
            fault = e.Message;
        }
        var condition = new JsonObject { ["type"] = "Healthy", ["status"] = fault is null ? "True" : "False", ["message"] = fault ?? "ok" };
        if (fault is not null) condition["error"] = fault;
        var tree = new JsonObject
        {
            ["kind"] = "ComponentStatus",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["name"] = component.Name },
            ["conditions"] = new JsonArray(condition),
        };
        return new StoredObject(new ObjectKey("", component.Name), 0, JsonTree.ToUtf8(tree));
    }
}
