using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Secrets;

/// <summary>The keys of a Secret, and those that its type demands.</summary>
/// <remarks>Source: ValidateSecret of kubernetes pkg/apis/core/validation. No message ever shows what is secret.</remarks>
public sealed class SecretValidation : IKindValidation
{
    private const string AccountAnnotation = "kubernetes.io/service-account.name";

    private static readonly FieldPath Data = FieldPath.Of("data");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var data = JsonTree.Object(tree, "data");
        KeyedData.ValidateKeys(data, Data, faults);
        KeyedData.ValidateSize(KeyedData.DecodedBytes(data), faults);
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
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(text)));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return;
            faults.Invalid(Data.Key(key), "<secret contents redacted>", "must be a JSON object");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            faults.Invalid(Data.Key(key), "<secret contents redacted>", "must be valid JSON");
        }
    }
}
