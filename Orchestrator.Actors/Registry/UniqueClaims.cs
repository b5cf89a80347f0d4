using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Which object of a type last claimed what only one may have. Checked where writes are serial, so that no two ever get it.</summary>
/// <remarks>An entry is a hint: whether its object still has the claim is looked up, so that nothing needs to be taken back.</remarks>
public sealed class UniqueClaims(Func<ObjectKey, StoredObject?> newest)
{
    private readonly Dictionary<string, ObjectKey> _claimed = new(StringComparer.Ordinal);

    /// <summary>The refusal of a write whose claims another object has, or null.</summary>
    public ApiError? Refusal(StoredObject written)
    {
        foreach (var claim in ServiceView.Of(written).Claims)
            if (Holder(claim) is { } holder && holder != written.Key) return ServiceClaims.Refusal(written.Key.Name, claim);
        return null;
    }

    /// <summary>Notes what an object has, as decided or as found in the journal.</summary>
    public void Note(StoredObject o)
    {
        foreach (var claim in ServiceView.Of(o).Claims)
            if (Holder(claim) is null) _claimed[claim] = o.Key;
    }

    private ObjectKey? Holder(string claim) =>
        _claimed.TryGetValue(claim, out var key) && newest(key) is { } o && ServiceView.Of(o).Claims.Contains(claim) ? key : null;
}
