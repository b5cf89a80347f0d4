using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes objects of a kind from its schema: mostly what it may hold, so that they get past the decoder.</summary>
internal sealed class ObjectGenerator(Random random)
{
    private const int DepthMax = 7;

    private static readonly string[] Texts =
        ["a", "web", "nginx:1.27", "/var/data", "10.0.0.1", "fd00::1", "example.com", "1", "true", "default", "Never", "TCP", "x=y", "", "a b", "ü", "😀", "-", "A_B", "0/0", "..", "%2e", new string('n', 300)];

    private static readonly string[] Quantities = ["1", "100m", "1Gi", "0", "-1", "1e3", "1.5", "999999999999999999999", "x"];

    public JsonObject Make(ResourceSchema schema, string name)
    {
        // Most begin with what is valid, so that they get to what comes after validation.
        JsonObject tree;
        if (random.Next(3) > 0 && MinimalObjects.Bodies.TryGetValue($"{schema.Group}/{schema.Version}/{schema.Plural}", out var least))
        {
            tree = (JsonObject)JsonNode.Parse("{" + least + "}")!;
            for (var i = random.Next(4); i > 0; i--) Enrich(tree, schema.Root, 0);
        }
        else tree = (JsonObject)Value(schema.Root, 0)!;
        tree["apiVersion"] = schema.ApiVersion;
        tree["kind"] = schema.Kind;
        tree["metadata"] = Metadata(name);
        return tree;
    }

    private JsonObject Metadata(string name)
    {
        var meta = new JsonObject { ["name"] = name };
        if (random.Next(4) == 0) meta["labels"] = new JsonObject { ["app"] = Texts[random.Next(8)] };
        if (random.Next(6) == 0) meta["annotations"] = new JsonObject { [Texts[random.Next(Texts.Length)]] = Texts[random.Next(Texts.Length)] };
        if (random.Next(12) == 0) meta["finalizers"] = new JsonArray("example.com/keep");
        if (random.Next(12) == 0) meta["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = "p", ["uid"] = "u" });
        return meta;
    }

    /// <summary>Sets one field somewhere that the object does not say yet.</summary>
    private void Enrich(JsonObject tree, TypeSchema type, int depth)
    {
        if (type.Fields.IsEmpty) return;
        var field = type.Fields[random.Next(type.Fields.Length)];
        // What is there is gone into more often than not.
        if (tree.Count > 0 && random.Next(3) > 0 && type.Fields.FirstOrDefault(f => f.Name == tree.ElementAt(random.Next(tree.Count)).Key) is { } known) field = known;
        switch (tree[field.Name])
        {
            case JsonObject inner when field.Type.Kind == SchemaKind.Object && depth < DepthMax: Enrich(inner, field.Type, depth + 1); break;
            case JsonArray { Count: > 0 } list when list[0] is JsonObject first && depth < DepthMax: Enrich(first, field.Type.Items!, depth + 1); break;
            case null: tree[field.Name] = Value(field.Type, DepthMax - 2); break;
        }
    }

    private JsonNode? Value(TypeSchema type, int depth)
    {
        if (type.Constraints is { Enum.IsEmpty: false } limits && random.Next(5) > 0) return limits.Enum[random.Next(limits.Enum.Length)];
        switch (type.Kind)
        {
            case SchemaKind.Object: return Fields(type, depth);
            case SchemaKind.RawObject: return new JsonObject { ["k"] = Text() };
            case SchemaKind.Map:
                var map = new JsonObject();
                for (var i = depth < DepthMax ? random.Next(3) : 0; i > 0; i--) map[Texts[random.Next(Texts.Length)]] = Value(type.Items!, depth + 1);
                return map;
            case SchemaKind.List:
                var list = new JsonArray();
                for (var i = depth < DepthMax ? random.Next(3) : 0; i > 0; i--) list.Add(Value(type.Items!, depth + 1));
                return list;
            case SchemaKind.Int32 or SchemaKind.Int64: return Number();
            case SchemaKind.Double: return random.NextDouble() * 100;
            case SchemaKind.Bool: return random.Next(2) == 0;
            case SchemaKind.IntOrString: return random.Next(2) == 0 ? Number() : random.Next(2) == 0 ? "25%" : Text();
            case SchemaKind.Quantity: return Quantities[random.Next(Quantities.Length)];
            case SchemaKind.Time: return random.Next(6) == 0 ? Text() : "2030-01-01T00:00:00Z";
            case SchemaKind.MicroTime: return "2030-01-01T00:00:00.000000Z";
            case SchemaKind.Bytes: return random.Next(6) == 0 ? Text() : "aGVsbG8=";
            default: return Text();
        }
    }

    private JsonObject Fields(TypeSchema type, int depth)
    {
        var tree = new JsonObject();
        foreach (var field in type.Fields)
            if (field.Required || (depth < DepthMax && random.Next(depth < 2 ? 2 : 5) == 0)) tree[field.Name] = Value(field.Type, depth + 1);
        return tree;
    }

    private JsonValue Number() => random.Next(8) switch
    {
        0 => JsonValue.Create(-1),
        1 => JsonValue.Create(int.MaxValue),
        2 => JsonValue.Create(0),
        3 => JsonValue.Create(65536),
        _ => JsonValue.Create(random.Next(1, 9000)),
    };

    private JsonValue Text() => JsonValue.Create(Texts[random.Next(Texts.Length)]);
}
