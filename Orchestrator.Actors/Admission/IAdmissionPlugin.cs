using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>The verb that is being admitted.</summary>
public enum AdmissionOperation : byte
{
    Create,
    Update,
    Delete,

    /// <summary>A stream into a pod, service or node: exec, attach, portforward, proxy.</summary>
    Connect,
}

/// <summary>One request on its way to the registry.</summary>
/// <param name="Operation">The verb.</param>
/// <param name="Schema">The kind as requested.</param>
/// <param name="Key">The object; the name is empty while it is still to be generated.</param>
/// <param name="Object">The new state, which a plugin may change while it mutates; null for a deletion.</param>
/// <param name="Stored">The state before; null for a create.</param>
/// <param name="Subresource">Empty for the object itself.</param>
/// <param name="DryRun">Nothing will be stored, so a plugin must have no effect elsewhere.</param>
public sealed record AdmissionRequest(
    AdmissionOperation Operation, ResourceSchema Schema, ObjectKey Key, JsonObject? Object, StoredObject? Stored, string Subresource, bool DryRun)
{
    /// <summary>Who asks; the control plane itself where no request is behind the write.</summary>
    public UserInfo User { get; init; } = UserInfo.ApiServer;

    /// <summary>What the request says of options, without a kind, which follows from the operation; null when all are at their defaults.</summary>
    public JsonObject? Options { get; init; }

    /// <summary>Where remarks go; null when nobody reads them.</summary>
    public AdmissionNotes? Notes { get; init; }

    /// <summary>The uid of the request, which every webhook that is asked about it sees; made when it is first needed.</summary>
    public string Uid { get => field ??= RandomIdentitySource.RandomUid(); init; }

    /// <summary>A plugin has put in something that has defaults of its own, so the object is defaulted again before it is validated.</summary>
    public bool NeedsDefaults { get; set; }

    /// <summary>A webhook has changed the object, so the mutating plugins look at it once more.</summary>
    public bool NeedsReinvocation { get; set; }

    /// <summary>The mutating plugins see the request for the second time.</summary>
    public bool IsReinvocation { get; set; }

    /// <summary>Takes back what plugins did elsewhere for this request; called at most once, when it is certain that nothing comes of it.</summary>
    public Action? Undo { get; set; }

    /// <summary>What mutating webhooks have to do with the request; null while none were asked.</summary>
    internal Webhooks.WebhookRounds? Webhooks { get; set; }

    /// <summary>The kind of <see cref="Object"/>: that of the type, or for some subresources another one, such as Scale, Eviction or PodExecOptions.</summary>
    public (string Group, string Version, string Kind) ObjectKind =>
        Operation == AdmissionOperation.Connect && JsonTree.String(Object, "kind") is { } connect ? ("", "v1", connect)
        : Subresource.Length > 0 && Schema.Subresource(Subresource) is { Kind.Length: > 0 } sub
            ? (sub.Group, sub.Version, sub.Kind)
            : (Schema.Group, Schema.Version, Schema.Kind);

    /// <summary>The object itself, not a subresource of it, of the given type.</summary>
    public bool IsOf(ResourceType type) => Subresource.Length == 0 && Schema.Type == type;
}

/// <summary>Looks at or changes requests on their way to the registry.</summary>
/// <remarks>All plugins mutate, in order, after defaulting; then the object is validated; then all plugins validate, in order.
/// The first refusal ends the request. They are called from many threads.</remarks>
public interface IAdmissionPlugin
{
    /// <summary>The name by which the plugin is switched on and off, such as <c>NamespaceLifecycle</c>.</summary>
    string Name { get; }

    /// <summary>May change the object.</summary>
    /// <returns>The refusal, or null.</returns>
    ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) => ValueTask.FromResult<ApiError?>(null);

    /// <summary>Looks at the object as it will be stored, and must not change it.</summary>
    /// <returns>The refusal, or null.</returns>
    ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) => ValueTask.FromResult<ApiError?>(null);
}
