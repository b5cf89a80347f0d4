using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>The fields that an apply would take from other managers.</summary>
internal sealed record ApplyConflicts(ImmutableArray<(FieldManagerId Manager, FieldSet Fields)> Of)
{
    public FieldSet All => Of.Aggregate(FieldSet.Empty, static (set, c) => set.Union(c.Fields));

    /// <summary>Those that are left when some fields may be taken.</summary>
    public ApplyConflicts Without(FieldSet allowed) =>
        new([.. Of.Select(c => (c.Manager, c.Fields.Difference(allowed))).Where(static c => !c.Item2.IsEmpty)]);

    /// <summary>409 with a cause for each field.</summary>
    /// <remarks>Source: apimachinery, util/managedfields/internal conflict.go.</remarks>
    public ApiError ToError()
    {
        var causes = Of.SelectMany(static c => c.Fields.Paths().Select(p => (c.Manager, Path: p))).ToImmutableArray();
        var message = causes.Length == 1
            ? $"Apply failed with 1 conflict: conflict with {causes[0].Manager}: {causes[0].Path}"
            : $"Apply failed with {causes.Length} conflicts: {string.Join('\n', Of.Select(static c => $"conflicts with {c.Manager}:\n{string.Join('\n', c.Fields.Paths().Select(static p => "- " + p))}"))}";
        return new ApiError(409, "Conflict", message) { Causes = [.. causes.Select(static c => new ErrorCause("FieldManagerConflict", c.Path, $"conflict with {c.Manager}"))] };
    }
}
