namespace Orchestrator.Actors.Resources;

/// <summary>RFC 7386: fields of the patch replace those of the target, null removes, objects merge.</summary>
public static class JsonMergePatch
{
    /// <summary>Changes <paramref name="target"/> and returns it. <paramref name="patch"/> is not changed.</summary>
    public static JsonObject Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject part:
                    if (target[name] is JsonObject inner) Apply(inner, part);
                    else target[name] = Apply([], part);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
        return target;
    }
}
