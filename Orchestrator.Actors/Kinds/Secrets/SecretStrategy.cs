using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Secrets;

/// <summary>Folds the plain text that clients may send into the data, where it is kept.</summary>
public sealed class SecretStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["stringData"] is not JsonObject plain) return;
        tree.Remove("stringData");
        if (plain.Count == 0) return;
        var data = JsonTree.Ensure(tree, "data");
        foreach (var (key, value) in plain)
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonTree.AsString(value) ?? ""));
    }
}
