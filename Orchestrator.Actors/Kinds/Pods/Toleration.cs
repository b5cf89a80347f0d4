using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>One entry of <c>spec.tolerations</c>.</summary>
/// <param name="Seconds">How long a NoExecute taint is borne; null means for ever.</param>
public sealed record Toleration(string Key, string Operator, string Value, string Effect, long? Seconds)
{
    /// <remarks>An empty key with Exists bears everything; an empty effect bears every effect.</remarks>
    public bool Tolerates(Taint taint)
    {
        if (Effect.Length > 0 && Effect != taint.Effect) return false;
        if (Key.Length > 0 && Key != taint.Key) return false;
        return Operator switch
        {
            "" or "Equal" => Value == taint.Value,
            "Exists" => true,
            _ => false,
        };
    }

    public static bool AnyTolerates(ImmutableArray<Toleration> tolerations, Taint taint)
    {
        foreach (var toleration in tolerations)
            if (toleration.Tolerates(taint)) return true;
        return false;
    }

    public static ImmutableArray<Toleration> ReadAll(JsonElement podSpec) =>
        podSpec.Map("tolerations", static t => new Toleration(
            t.Text("key"), t.Text("operator"), t.Text("value"), t.Text("effect"),
            t.Get("tolerationSeconds").Exists() ? t.Number("tolerationSeconds") : null));
}
