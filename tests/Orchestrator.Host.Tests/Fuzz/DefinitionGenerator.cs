using Orchestrator.Actors.Resources;


namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes definitions of kinds with schemas, defaults and rules, objects for them, and admission policies.</summary>
internal sealed class DefinitionGenerator(Random random)
{
    public const string Group = "fuzz.example.com";

    private const int DepthMax = 4;

    private static readonly string[] Types = ["object", "object", "string", "string", "integer", "number", "boolean", "array", "array", "any", ""];
    private static readonly string[] Fields = ["a", "b", "list", "map", "a b", "x-y", "metadata", "self", "int", "namespace", "ä"];
    private static readonly string[] Patterns = ["^a+$", "(a+)+$", "[", "\\d{1,3}", "(?i)x", "^(?P<n>.)", "\\p{L}", "(?<=a)b", "", "a{1001}"];
    private static readonly string[] Formats = ["date-time", "ipv4", "uuid", "int32", "int64", "byte", "duration", "email", "nonsense", "password", "cidr"];

    private readonly ExpressionGenerator _expressions = new(random);

    public static string Plural(int number) => $"widget{number % 5}s";

    public JsonObject Definition(int number)
    {
        var versions = new JsonArray();
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            var version = new JsonObject
            {
                ["name"] = $"v{i}",
                ["served"] = random.Next(8) > 0,
                ["storage"] = i == 1,
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root() },
            };
            if (random.Next(3) == 0) version["subresources"] = new JsonObject { ["status"] = new JsonObject(), ["scale"] = random.Next(3) > 0 ? null : new JsonObject { ["specReplicasPath"] = ".spec.a", ["statusReplicasPath"] = ".status.a", ["labelSelectorPath"] = ".status.b" } };
            if (random.Next(4) == 0) version["additionalPrinterColumns"] = new JsonArray(new JsonObject { ["name"] = "A", ["type"] = random.Next(2) == 0 ? "string" : "date", ["jsonPath"] = random.Next(2) == 0 ? ".spec.a" : ".spec.list[?(@.a==1)]..b" });
            if (random.Next(4) == 0) version["selectableFields"] = new JsonArray(new JsonObject { ["jsonPath"] = ".spec.a" });
            versions.Add(version);
        }
        var singular = $"widget{number % 5}";
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{singular}s.{Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = Group,
                ["scope"] = random.Next(8) == 0 ? "Cluster" : "Namespaced",
                ["names"] = new JsonObject { ["plural"] = singular + "s", ["singular"] = singular, ["kind"] = "W" + singular[1..], ["listKind"] = "W" + singular[1..] + "List" },
                ["versions"] = versions,
                ["preserveUnknownFields"] = random.Next(20) == 0,
            },
        };
    }

    public JsonObject Instance(int number, string name) => new()
    {
        ["apiVersion"] = $"{Group}/v{random.Next(1, 3)}",
        ["kind"] = $"Widget{number % 5}",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = Value(0),
        ["status"] = random.Next(3) == 0 ? Value(2) : null,
        [Fields[random.Next(Fields.Length)]] = Value(1),
    };

    /// <summary>A policy that warns, so that what it meets goes on.</summary>
    public JsonObject Policy(string name) => new()
    {
        ["apiVersion"] = "admissionregistration.k8s.io/v1",
        ["kind"] = "ValidatingAdmissionPolicy",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["failurePolicy"] = "Ignore",
            ["matchConstraints"] = new JsonObject { ["resourceRules"] = new JsonArray(new JsonObject { ["apiGroups"] = new JsonArray("*"), ["apiVersions"] = new JsonArray("*"), ["operations"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }) },
            ["matchConditions"] = random.Next(3) == 0 ? new JsonArray(new JsonObject { ["name"] = "m", ["expression"] = _expressions.Next() }) : null,
            ["variables"] = random.Next(2) == 0 ? new JsonArray(new JsonObject { ["name"] = "v", ["expression"] = _expressions.Next() }) : null,
            ["validations"] = new JsonArray(new JsonObject { ["expression"] = _expressions.Next(), ["messageExpression"] = random.Next(2) == 0 ? _expressions.Next() : null, ["message"] = "no" }),
            ["auditAnnotations"] = random.Next(3) == 0 ? new JsonArray(new JsonObject { ["key"] = "k", ["valueExpression"] = _expressions.Next() }) : null,
        },
    };

    public JsonObject Binding(string name) => new()
    {
        ["apiVersion"] = "admissionregistration.k8s.io/v1",
        ["kind"] = "ValidatingAdmissionPolicyBinding",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["policyName"] = name, ["validationActions"] = new JsonArray("Warn") },
    };

    private JsonObject Root()
    {
        var properties = new JsonObject { ["spec"] = Schema(1), ["status"] = Schema(2) };
        if (random.Next(6) == 0) properties["metadata"] = Schema(3);
        var root = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (random.Next(4) == 0) root["x-kubernetes-validations"] = Rules();
        return root;
    }

    private JsonObject Schema(int depth)
    {
        var type = depth >= DepthMax ? "string" : Types[random.Next(Types.Length)];
        var schema = new JsonObject();
        if (type == "any") schema[random.Next(2) == 0 ? "x-kubernetes-int-or-string" : "x-kubernetes-preserve-unknown-fields"] = true;
        else if (type.Length > 0) schema["type"] = type;
        if (type == "object" && random.Next(4) == 0) schema["additionalProperties"] = Schema(depth + 1);
        else if (type == "object")
        {
            var properties = new JsonObject();
            for (var i = random.Next(5); i > 0; i--) properties[Fields[random.Next(Fields.Length)]] = Schema(depth + 1);
            schema["properties"] = properties;
            if (random.Next(4) == 0) schema["required"] = new JsonArray(Fields[random.Next(3)]);
        }
        if (type == "array")
        {
            schema["items"] = Schema(depth + 1);
            if (random.Next(3) == 0) schema["x-kubernetes-list-type"] = random.Next(3) switch { 0 => "set", 1 => "map", _ => "atomic" };
            if (random.Next(5) == 0) schema["x-kubernetes-list-map-keys"] = new JsonArray("a");
            if (random.Next(3) == 0) schema["maxItems"] = random.Next(-1, 20);
        }
        Constrain(schema, type);
        if (random.Next(4) == 0) schema["x-kubernetes-validations"] = Rules();
        if (random.Next(6) == 0) schema["default"] = Value(depth);
        if (random.Next(8) == 0) schema["nullable"] = true;
        if (random.Next(12) == 0) schema[random.Next(2) == 0 ? "anyOf" : "not"] = random.Next(2) == 0 ? new JsonArray(Schema(DepthMax), Schema(DepthMax)) : Schema(DepthMax);
        return schema;
    }

    private void Constrain(JsonObject schema, string type)
    {
        if (type == "string" && random.Next(4) == 0) schema["pattern"] = Patterns[random.Next(Patterns.Length)];
        if (type is "string" or "integer" or "number" && random.Next(4) == 0) schema["format"] = Formats[random.Next(Formats.Length)];
        if (type == "string" && random.Next(4) == 0) schema["maxLength"] = random.Next(-1, 50);
        if (type is "integer" or "number" && random.Next(4) == 0) schema["minimum"] = random.Next(-5, 5) + 0.5;
        if (type is "integer" or "number" && random.Next(8) == 0) schema["multipleOf"] = random.Next(0, 3) * 0.5;
        if (random.Next(10) == 0) schema["enum"] = new JsonArray(Value(DepthMax), Value(DepthMax));
    }

    private JsonArray Rules()
    {
        var rules = new JsonArray();
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            var rule = new JsonObject { ["rule"] = _expressions.Next() };
            if (random.Next(3) == 0) rule["message"] = "no";
            if (random.Next(4) == 0) rule["messageExpression"] = _expressions.Next();
            if (random.Next(6) == 0) rule["fieldPath"] = random.Next(2) == 0 ? ".a" : "['a b'";
            if (random.Next(6) == 0) rule["optionalOldSelf"] = true;
            rules.Add(rule);
        }
        return rules;
    }

    private JsonNode? Value(int depth)
    {
        switch (depth >= DepthMax ? random.Next(3, 9) : random.Next(9))
        {
            case 0 or 1:
                var tree = new JsonObject();
                for (var i = random.Next(4); i > 0; i--) tree[Fields[random.Next(Fields.Length)]] = Value(depth + 1);
                return tree;
            case 2:
                var list = new JsonArray();
                for (var i = random.Next(4); i > 0; i--) list.Add(Value(depth + 1));
                return list;
            case 3: return null;
            case 4: return random.Next(2) == 0;
            case 5: return random.Next(-3, 10);
            case 6: return random.NextDouble() * 1e12;
            default: return Fields[random.Next(Fields.Length)];
        }
    }
}
