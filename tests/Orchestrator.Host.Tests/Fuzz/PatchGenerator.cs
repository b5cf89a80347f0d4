using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes patches of each type, with the directives that each knows.</summary>
internal sealed class PatchGenerator(Random random)
{
    private static readonly string[] Operations = ["add", "remove", "replace", "move", "copy", "test", "nonsense"];

    private static readonly string[] Pointers =
        ["/spec", "/metadata/labels", "/metadata/labels/a~1b", "", "/", "/spec/containers/0", "/spec/containers/-", "/spec/containers/0/image", "/data/~2", "/data/a", "/metadata/name", "/metadata/uid",
         "/metadata/managedFields", "/metadata/managedFields/0/fieldsV1", "/metadata/finalizers/-", "/metadata/ownerReferences", "/metadata/resourceVersion", "/kind", "/apiVersion", "/a/b/c/d", "/status", "/spec/99999999999", "/spec/-1"];

    public byte[] Json(Func<JsonNode?> odd)
    {
        var patch = new JsonArray();
        for (var i = random.Next(4); i > 0; i--)
        {
            var operation = new JsonObject { ["op"] = Operations[random.Next(Operations.Length)], ["path"] = Pointers[random.Next(Pointers.Length)] };
            if (random.Next(3) > 0) operation["value"] = odd();
            if (random.Next(3) > 0) operation["from"] = Pointers[random.Next(Pointers.Length)];
            patch.Add(operation);
        }
        // Each copy doubles what the next one copies.
        if (random.Next(40) == 0)
            for (var i = 0; i < 40; i++) patch.Add(new JsonObject { ["op"] = "copy", ["from"] = "/metadata", ["path"] = $"/metadata/{i}" });
        return Encoding.UTF8.GetBytes(patch.ToJsonString());
    }

    /// <summary>Puts directives of strategic merge into an object.</summary>
    public byte[] Strategic(JsonObject tree, Func<JsonNode?> odd)
    {
        foreach (var inner in Objects(tree).ToList())
        {
            if (random.Next(4) > 0) continue;
            switch (random.Next(6))
            {
                case 0: inner["$patch"] = random.Next(4) switch { 0 => "delete", 1 => "replace", 2 => "merge", _ => "nonsense" }; break;
                case 1: inner["$retainKeys"] = random.Next(2) == 0 ? new JsonArray("name", "x") : odd(); break;
                case 2: inner["$setElementOrder/containers"] = random.Next(2) == 0 ? new JsonArray(new JsonObject { ["name"] = "a" }) : odd(); break;
                case 3: inner["$deleteFromPrimitiveList/finalizers"] = random.Next(2) == 0 ? new JsonArray("example.com/keep") : odd(); break;
                case 4 when inner.Count > 0: inner[inner.ElementAt(random.Next(inner.Count)).Key] = null; break;
                default: inner["name"] = odd(); break;
            }
        }
        return Encoding.UTF8.GetBytes(tree.ToJsonString());
    }

    /// <summary>What is applied: some of an object, and at times what an applied object must not hold.</summary>
    public byte[] Applied(JsonObject tree, Func<JsonNode?> odd)
    {
        if (tree["spec"] is JsonObject spec)
            foreach (var name in spec.Select(static p => p.Key).ToList())
                if (random.Next(2) == 0) spec.Remove(name);
        if (random.Next(8) == 0 && tree["metadata"] is JsonObject meta) meta["managedFields"] = random.Next(2) == 0 ? new JsonArray() : odd();
        if (random.Next(8) == 0 && tree["metadata"] is JsonObject other) other["resourceVersion"] = "1";
        return random.Next(2) == 0 ? Encoding.UTF8.GetBytes(tree.ToJsonString()) : Yaml(tree);
    }

    // Flow style with comments and anchors now and then.
    private byte[] Yaml(JsonObject tree)
    {
        var text = new StringBuilder("---\n# by hand\n");
        foreach (var (name, value) in tree) text.Append('"').Append(name).Append("\": ").Append(random.Next(30) == 0 ? "&x " : "").Append(value?.ToJsonString() ?? "~").Append('\n');
        if (random.Next(15) == 0) text.Append("a: *x\nb: !!binary 0\n<<: *x\n");
        if (random.Next(15) == 0) text.Append("\t- |\n  - >-\n ? ");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(static p => p.Value).SelectMany(Objects).Prepend(o),
        JsonArray a => a.SelectMany(Objects),
        _ => [],
    };
}
