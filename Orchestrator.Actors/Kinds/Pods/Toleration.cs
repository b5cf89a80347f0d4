using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Resources;
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

    /// <summary>Reads a list of tolerations; the reader stands on its first token and is left on its last.</summary>
    internal static ImmutableArray<Toleration> ReadAll(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return [];
        var all = ImmutableArray.CreateBuilder<Toleration>(2);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) all.Add(Read(ref reader));
        return all.DrainToImmutable();
    }

    public static ImmutableArray<Toleration> ReadAll(JsonElement tolerations)
    {
        if (!tolerations.Exists()) return [];
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(tolerations));
        reader.Read();
        return ReadAll(ref reader);
    }

    private static Toleration Read(ref Utf8JsonReader reader)
    {
        string key = "", op = "", value = "", effect = "";
        long? seconds = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            if (name == "tolerationSeconds") seconds = reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : null;
            else if (reader.TokenType == JsonTokenType.String)
            {
                var text = RecentStrings.Read(ref reader);
                switch (name)
                {
                    case "key": key = text; break;
                    case "operator": op = text; break;
                    case "value": value = text; break;
                    case "effect": effect = text; break;
                }
            }
            else reader.Skip();
        }
        return new Toleration(key, op, value, effect, seconds);
    }
}
