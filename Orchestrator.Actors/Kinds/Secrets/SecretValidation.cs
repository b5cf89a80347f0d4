using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Secrets;

/// <summary>The keys of a Secret, and those that its type demands.</summary>
/// <remarks>Source: ValidateSecret of kubernetes pkg/apis/core/validation. No message ever shows what is secret.</remarks>
public sealed class SecretValidation : IKindValidation
{
    /// <summary>How deep values may lie in each other. Source: Go, encoding/json maxNestingDepth.</summary>
    private const int DepthMax = 10_000;

    private const string AccountAnnotation = "kubernetes.io/service-account.name";

    private static readonly FieldPath Data = FieldPath.Of("data");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var data = JsonTree.Object(tree, "data");
        KeyedData.ValidateKeys(data, Data, faults);
        KeyedData.ValidateSize(KeyedData.DecodedBytes(data), Data, faults);
        switch (JsonTree.String(tree, "type"))
        {
            case "kubernetes.io/service-account-token":
                var annotations = JsonTree.Object(JsonTree.Object(tree, "metadata"), "annotations");
                if (string.IsNullOrEmpty(JsonTree.String(annotations, AccountAnnotation)))
                    faults.Required(FieldPath.Of("metadata").Child("annotations").Key(AccountAnnotation));
                break;
            case "kubernetes.io/dockercfg":
                RequireJson(data, ".dockercfg", faults);
                break;
            case "kubernetes.io/dockerconfigjson":
                RequireJson(data, ".dockerconfigjson", faults);
                break;
            case "kubernetes.io/basic-auth":
                if (data?.ContainsKey("username") == true || data?.ContainsKey("password") == true) break;
                faults.Required(Data.Key("username"));
                faults.Required(Data.Key("password"));
                break;
            case "kubernetes.io/ssh-auth":
                if (JsonTree.String(data, "ssh-privatekey") is not { Length: > 0 }) faults.Required(Data.Key("ssh-privatekey"));
                break;
            case "kubernetes.io/tls":
                if (data?.ContainsKey("tls.crt") != true) faults.Required(Data.Key("tls.crt"));
                if (data?.ContainsKey("tls.key") != true) faults.Required(Data.Key("tls.key"));
                break;
            default:
                break;
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        SelectorValidation.ValidateImmutable(tree, stored, "type", FieldPath.Root, faults);
        KeyedData.ValidateFrozen(tree, stored, ["data"], faults);
    }

    private static void RequireJson(JsonObject? data, string key, FaultList faults)
    {
        if (JsonTree.String(data, key) is not { } text)
        {
            faults.Required(Data.Key(key));
            return;
        }
        var json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Convert.FromBase64String(text)));
        if (Fault(json) is { } fault) faults.Invalid(Data.Key(key), "<secret contents redacted>", fault);
    }

    /// <summary>Why a text is no map, as Go's encoding/json tells it; nothing is said of null, which it takes for an empty one.</summary>
    private static string? Fault(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DepthMax });
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Object or JsonValueKind.Null => null,
                JsonValueKind.Array => NoMap("array"),
                JsonValueKind.String => NoMap("string"),
                JsonValueKind.Number => NoMap("number"),
                _ => NoMap("bool"),
            };
        }
        catch (JsonException)
        {
            return JsonSyntax.Explain(json, DepthMax);
        }
    }

    private static string NoMap(string kind) => $"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}";
}
