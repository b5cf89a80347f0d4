using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Resources;

/// <summary>The three forms of a patch that change a given object.</summary>
public enum PatchType : byte
{
    /// <summary>application/json-patch+json, RFC 6902.</summary>
    Json,

    /// <summary>application/merge-patch+json, RFC 7386.</summary>
    Merge,

    /// <summary>application/strategic-merge-patch+json; for built-in kinds alone.</summary>
    StrategicMerge,
}

/// <summary>The patched object, or the refusal. The tree has yet to be decoded, defaulted and validated like any other.</summary>
public readonly record struct PatchedObject(JsonObject? Tree, ApiError? Error)
{
    /// <summary>Why the patch does not apply, which the error does not say; null when nothing is left unsaid.</summary>
    public string? Fault { get; init; }
}

/// <summary>Applies the body of a PATCH request. <c>current</c> is used up: the result may share its nodes.</summary>
public static class ObjectPatch
{
    public static PatchedObject Apply(TypeSchema type, PatchType form, JsonObject current, ReadOnlySpan<byte> body)
    {
        var parsed = ObjectJson.Parse(body);
        if (parsed.Fault is { } fault) return Refuse($"error decoding patch: {fault}");
        if (form == PatchType.Json) return JsonPatch.Apply(current, parsed.Tree);
        if (parsed.Tree is not JsonObject patch)
            return Refuse($"error decoding patch: json: cannot unmarshal {JsonTree.KindOf(parsed.Tree)} into Go value of type map[string]interface {{}}");
        return form == PatchType.Merge
            ? new PatchedObject(JsonMergePatch.Apply(current, patch), null)
            : StrategicMergePatch.Apply(type, current, patch);
    }

    internal static PatchedObject Refuse(string message) => new(null, ApiError.BadRequest(message));
}
