using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Endpoints;

/// <summary>The addresses and ports behind a service.</summary>
/// <remarks>Source: ValidateEndpoints of kubernetes pkg/apis/core/validation.</remarks>
public sealed class EndpointsValidation : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        foreach (var (index, subset) in tree.Entries("subsets"))
        {
            var path = FieldPath.Of("subsets").Index(index);
            if (subset.CountOf("addresses") + subset.CountOf("notReadyAddresses") == 0)
                faults.Required(path, "must specify `addresses` or `notReadyAddresses`");
            foreach (var list in (ReadOnlySpan<string>)["addresses", "notReadyAddresses"])
                foreach (var (at, address) in subset.Entries(list)) ValidateAddress(address, path.Child(list).Index(at), faults);
            ValidatePorts(subset, path, faults);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        // Everything may change.
    }

    private static void ValidateAddress(JsonObject address, FieldPath path, FaultList faults)
    {
        var text = JsonTree.String(address, "ip") ?? "";
        if (text.Length == 0) return;   // told as required by the schema
        if (!AddressFaults.TryParse(text, out var ip)) faults.Invalid(path.Child("ip"), text, AddressFaults.NotAnAddress);
        else if (AddressFaults.NonSpecial(ip) is { } fault) faults.Invalid(path.Child("ip"), text, fault);
        if (JsonTree.String(address, "hostname") is { Length: > 0 } host && ObjectNames.Label(host) is { } hostFault)
            faults.Invalid(path.Child("hostname"), host, hostFault);
        if (JsonTree.String(address, "nodeName") is { Length: > 0 } node && ObjectNames.Subdomain(node) is { } nodeFault)
            faults.Invalid(path.Child("nodeName"), node, nodeFault);
    }

    private static void ValidatePorts(JsonObject subset, FieldPath path, FaultList faults)
    {
        var several = subset.CountOf("ports") > 1;
        foreach (var (index, port) in subset.Entries("ports"))
        {
            var here = path.Child("ports").Index(index).Child("name");
            var name = JsonTree.String(port, "name") ?? "";
            if (name.Length == 0 && several) faults.Required(here);
            else if (name.Length > 0 && ObjectNames.Label(name) is { } fault) faults.Invalid(here, name, fault);
        }
    }
}
