using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Controllers;

/// <summary>The change that led to a pass: which object, at which version.</summary>
/// <param name="Type">The type, such as <c>pods</c>, or what else it was: <c>timer</c>, <c>resync</c>.</param>
public sealed record DecisionCause(string Type, string Key, long Revision);

/// <summary>One pass of a controller that changed something. Journaled, readable, and what <c>why</c> tells.</summary>
/// <param name="Actions">What was done, in words; long lists are cut.</param>
/// <param name="Outcome">Empty when all was carried out, otherwise why not.</param>
public sealed record ControllerDecided(DateTimeOffset At, DecisionCause Cause, ImmutableArray<string> Actions, string Outcome) : IWireMessage;

/// <summary>A message to the entity of one reconciled object.</summary>
public abstract record ControllerMessage(string Controller, string Namespace, string Name) : IWireMessage
{
    public string EntityId => $"{Controller}/{Namespace}/{Name}";
}

/// <summary>Something that concerns the object has changed. At most once: the resync after a failure repeats what was lost.</summary>
public sealed record TriggerReconcile(string Controller, string Namespace, string Name, DecisionCause Cause)
    : ControllerMessage(Controller, Namespace, Name);

/// <summary>Asks what the controller has decided about the object; answered with <see cref="ControllerDecisions"/>.</summary>
public sealed record GetDecisions(string Controller, string Namespace, string Name) : ControllerMessage(Controller, Namespace, Name);

/// <summary>The retained decisions about one object, oldest first. Also the snapshot of the entity.</summary>
/// <param name="Count">How many there have been in all; names of created objects derive from it.</param>
public sealed record ControllerDecisions(long Count, ImmutableArray<ControllerDecided> Recent) : IWireMessage
{
    /// <summary>Most decisions kept per object (count).</summary>
    public const int RecentMax = 50;

    /// <summary>Most actions told of one decision (count).</summary>
    private const int ToldMax = 10;

    public static ControllerDecisions Empty { get; } = new(0, []);

    public ControllerDecisions Apply(ControllerDecided decided) =>
        new(Count + 1, [.. Recent.Skip(Recent.Length < RecentMax ? 0 : Recent.Length - RecentMax + 1), decided]);

    /// <summary>What a pass did, in words; null when it changed nothing that is worth a journal entry.</summary>
    /// <remarks>A status alone follows from what it reports and is written at every change of a pod, so it is no decision.</remarks>
    public static ImmutableArray<string>? Tell(ImmutableArray<ControllerAction> actions)
    {
        var told = actions.Where(static a => a is not (StatusAction or EventAction)).Select(static a => a switch
        {
            CreateAction => $"create {a.Type} {a.Key}",
            DeleteAction => $"delete {a.Type} {a.Key}",
            PatchAction p => $"patch {a.Type} {a.Key} {Cut(JsonTree.ToText(p.Patch))}",
            _ => a.GetType().Name,
        }).ToList();
        if (told.Count == 0) return null;
        return told.Count <= ToldMax ? [.. told] : [.. told.Take(ToldMax), $"and {told.Count - ToldMax} more"];
    }

    private static string Cut(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
