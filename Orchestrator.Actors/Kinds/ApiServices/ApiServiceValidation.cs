using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ApiServices;

/// <summary>One version of one group under the name that both make, its priorities and its server.</summary>
/// <remarks>Source: kube-aggregator pkg/apis/apiregistration/validation.</remarks>
public sealed class ApiServiceValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        var (group, version) = (JsonTree.String(spec, "group") ?? "", JsonTree.String(spec, "version") ?? "");
        var name = FieldRules.NameOf(tree);
        if (name != $"{version}.{group}" && !(group.Length == 0 && name == version + "."))
            faults.Invalid(FieldPath.Of("metadata").Child("name"), name, $"must be `spec.version+\".\"+spec.group`: {GoQuote.Quote($"{version}.{group}")}");
        if (group.Length > 0)
        {
            if (ObjectNames.Subdomain(group) is { } fault) faults.Invalid(Spec.Child("group"), group, fault);
        }
        else if (version != "v1") faults.Required(Spec.Child("group"), "only v1 may have an empty group and it better be legacy kube");
        if (ObjectNames.Label1035(version) is { } wrong) faults.Invalid(Spec.Child("version"), version, wrong);
        Bound(spec, "groupPriorityMinimum", 20000, faults);
        Bound(spec, "versionPriority", 1000, faults);
        ValidateServer(spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void Bound(JsonObject spec, string name, long max, FaultList faults)
    {
        var value = JsonTree.Int64(spec, name) ?? 0;
        if (value <= 0 || value > max) faults.Invalid(Spec.Child(name), value, $"must be positive and less than {max}");
    }

    private static void ValidateServer(JsonObject spec, FaultList faults)
    {
        var bundle = JsonTree.String(spec, "caBundle") is { Length: > 0 };
        var insecure = JsonTree.Bool(spec, "insecureSkipTLSVerify") == true;
        if (JsonTree.Object(spec, "service") is not { } service)
        {
            if (bundle) faults.Invalid(Spec.Child("caBundle"), $"{JsonTree.String(spec, "caBundle")!.Length} bytes", "local APIServices may not have a caBundle");
            if (insecure) faults.Invalid(Spec.Child("insecureSkipTLSVerify"), true, "local APIServices may not have insecureSkipTLSVerify");
            return;
        }
        var path = Spec.Child("service");
        FieldRules.Required(service, "namespace", path, faults);
        FieldRules.Required(service, "name", path, faults);
        if (JsonTree.Int64(service, "port") is { } port && port is < 1 or > 65535)
            faults.Invalid(path.Child("port"), port, "port is not valid: must be between 1 and 65535, inclusive");
        if (insecure && bundle) faults.Invalid(Spec.Child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present");
    }
}
