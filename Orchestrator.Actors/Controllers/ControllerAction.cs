using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>What a reconciler wants done to one object. Data only: the frame around the reconciler carries it out.</summary>
public abstract record ControllerAction(ResourceType Type, ObjectKey Key);

/// <summary>Creates an object through admission. Its name is part of the decision, so that a repeated decision creates nothing twice.</summary>
public sealed record CreateAction(ResourceType Type, ObjectKey Key, JsonObject Body) : ControllerAction(Type, Key)
{
    /// <summary>What is told of it, or null.</summary>
    public CreationNews? News { get; init; }
}

/// <summary>The Event that tells of a creation, and how the one begins that tells of its refusal.</summary>
/// <param name="Refused">The words before the refusal's own, such as <c>Error creating: </c>; the reason is FailedCreate.</param>
public sealed record CreationNews(EventAction Created, string Refused)
{
    /// <summary>What controllers tell of their pods. Source: kube-controller-manager, controller_utils.go.</summary>
    public static CreationNews OfPod(EventAction created) => new(created, "Error creating: ");

    public EventAction Refusal(string message) => Created with { Warning = true, Reason = "FailedCreate", Message = Refused + message };
}

/// <summary>Applies a JSON merge patch to the object with the given uid; a change of spec raises the generation.</summary>
/// <param name="IfRevision">Refuses the patch with a Conflict when the object is no longer at this version.</param>
public sealed record PatchAction(ResourceType Type, ObjectKey Key, string Uid, JsonObject Patch, long? IfRevision = null)
    : ControllerAction(Type, Key)
{
    /// <summary>The subresource through which to patch, such as <c>finalize</c>; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>It makes the reconciled object an owner, which that must not become any more once it is on its way out: its own type is
    /// read up to date first, as by <see cref="ReconcileResult.Confirm"/>.</summary>
    public bool Adopts { get; init; }
}

/// <summary>Replaces the whole status of the object with the given uid.</summary>
/// <param name="IfRevision">Given where others write the status too: nothing happens when the object is no longer at this version,
/// and the change that made it so is the trigger of the next pass.</param>
public sealed record StatusAction(ResourceType Type, ObjectKey Key, string Uid, JsonObject Status, long? IfRevision = null) : ControllerAction(Type, Key)
{
    /// <summary>It tells of what the pass creates: a refused creation leaves the status as it is.</summary>
    public bool IfCreated { get; init; }
}

/// <summary>Deletes the object with the given uid.</summary>
/// <param name="Propagation">Background, Foreground, Orphan, or null for the type's default.</param>
/// <param name="GraceSeconds">The grace period, or null for the object's own.</param>
public sealed record DeleteAction(ResourceType Type, ObjectKey Key, string Uid, string? Propagation = null, long? GraceSeconds = null)
    : ControllerAction(Type, Key)
{
    /// <summary>Given where it is deleted for its owners' sake: nothing happens when it has others by now.</summary>
    public ImmutableArray<OwnerReference>? Owners { get; init; }

    /// <summary>What its status says before it goes, or null; nothing is deleted whose status could not be written.</summary>
    public StatusAction? Before { get; init; }
}

/// <summary>Records a Kubernetes Event about the object.</summary>
/// <param name="Kind">The kind of the object, such as <c>Deployment</c>.</param>
public sealed record EventAction(
    ResourceType Type, ObjectKey Key, string ApiVersion, string Kind, string Uid, bool Warning, string Reason, string Message)
    : ControllerAction(Type, Key)
{
    /// <summary>The part of the object that it is about, such as <c>spec.containers{web}</c>; empty for all of it.</summary>
    public string FieldPath { get; init; } = "";

    /// <summary>The version of the object, where it says something; 0 leaves it out.</summary>
    public long Revision { get; init; }
}

/// <summary>What one pass decided.</summary>
/// <param name="RequeueAfter">When to look again although nothing may change, or null.</param>
public sealed record ReconcileResult(ImmutableArray<ControllerAction> Actions, TimeSpan? RequeueAfter = null)
{
    public static ReconcileResult None { get; } = new([]);

    /// <summary>The types of which the pass must have seen all that was committed before it. When there are any, they are read up to
    /// date and the pass is made once more, with <see cref="ReconcileContext.Confirmed"/>, before anything is done.</summary>
    public ImmutableArray<ResourceType> Confirm { get; init; } = [];

    /// <summary>The namespace that aggregated servers are asked to empty, where there are any, or null. They are asked before anything is
    /// done, and the pass is made once more with what they answered: <see cref="ReconcileContext.Elsewhere"/>.</summary>
    public string? EmptyElsewhere { get; init; }
}

/// <summary>What a pass knows beside the objects.</summary>
/// <param name="Now">The time of the pass.</param>
/// <param name="NameSeed">Unique per decision: names of created objects derive from it.</param>
/// <param name="Failure">Why the last pass could not create something, or null.</param>
public sealed record ReconcileContext(DateTimeOffset Now, string NameSeed, string? Failure = null)
{
    /// <summary>Why the last pass could not delete something; empty when it could.</summary>
    public ImmutableArray<string> DeletionFailures { get; init; } = [];

    /// <summary>What fails again and again; the one thing that a pass remembers for the next.</summary>
    public FailureBackoff Backoff { get; init; } = new();

    /// <summary>The caches show what <see cref="ReconcileResult.Confirm"/> asked for.</summary>
    public bool Confirmed { get; init; }

    /// <summary>What is left elsewhere of what <see cref="ReconcileResult.EmptyElsewhere"/> asked to go.</summary>
    public RemoteRemains Elsewhere { get; init; } = RemoteRemains.None;
}
