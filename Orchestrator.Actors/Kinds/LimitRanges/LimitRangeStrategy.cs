using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.LimitRanges;

/// <summary>What a container gets when only its bounds are said: its limit is the most, its request its limit or else the least.</summary>
/// <remarks>Source: SetDefaults_LimitRangeItem of kubernetes pkg/apis/core/v1/defaults.go.</remarks>
public sealed class LimitRangeStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        foreach (var (_, limit) in JsonTree.Object(tree, "spec").Entries("limits"))
        {
            if (JsonTree.String(limit, "type") != "Container") continue;
            Fill(limit, "default", "max");
            Fill(limit, "defaultRequest", "default");
            Fill(limit, "defaultRequest", "min");
        }
    }

    /// <summary>A LimitRange may go without a name; then it gets one that nobody has.</summary>
    public void PrepareForCreate(JsonObject tree)
    {
        var metadata = JsonTree.Ensure(tree, "metadata");
        if (string.IsNullOrEmpty(JsonTree.String(metadata, "name"))) metadata["name"] = Guid.NewGuid().ToString();
    }

    private static void Fill(JsonObject limit, string name, string from)
    {
        if (limit[from] is not JsonObject { Count: > 0 } source) return;
        var target = JsonTree.Ensure(limit, name);
        foreach (var (resource, amount) in source)
            if (!target.ContainsKey(resource)) target[resource] = amount?.DeepClone();
    }
}
