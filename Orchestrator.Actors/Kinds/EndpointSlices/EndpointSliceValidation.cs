using System.Net.Sockets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.EndpointSlices;

/// <summary>A slice of the endpoints of a service, all of one type of address.</summary>
/// <remarks>Source: kubernetes pkg/apis/discovery/validation.</remarks>
public sealed class EndpointSliceValidation : IKindValidation
{
    private const int EndpointsMax = 1000;
    private const int AddressesMax = 100;
    private const int PortsMax = 20000;

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var type = JsonTree.String(tree, "addressType") ?? "";
        if (tree.CountOf("endpoints") > EndpointsMax) faults.TooMany(FieldPath.Of("endpoints"), tree.CountOf("endpoints"), EndpointsMax);
        foreach (var (index, endpoint) in tree.Entries("endpoints")) ValidateEndpoint(endpoint, type, FieldPath.Of("endpoints").Index(index), faults);

        if (tree.CountOf("ports") > PortsMax) faults.TooMany(FieldPath.Of("ports"), tree.CountOf("ports"), PortsMax);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, port) in tree.Entries("ports"))
        {
            var path = FieldPath.Of("ports").Index(index).Child("name");
            var name = JsonTree.String(port, "name") ?? "";
            if (name.Length > 0 && ObjectNames.Label(name) is { } fault) faults.Invalid(path, name, fault);
            if (!names.Add(name)) faults.Duplicate(path, name);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        SelectorValidation.ValidateImmutable(tree, stored, "addressType", FieldPath.Root, faults);

    private static void ValidateEndpoint(JsonObject endpoint, string type, FieldPath path, FaultList faults)
    {
        var addresses = JsonTree.Array(endpoint, "addresses");
        var here = path.Child("addresses");
        if (addresses?.Count > AddressesMax) faults.TooMany(here, addresses.Count, AddressesMax);
        for (var i = 0; i < addresses?.Count; i++) ValidateAddress(JsonTree.AsString(addresses[i]) ?? "", type, here.Index(i), faults);
    }

    private static void ValidateAddress(string text, string type, FieldPath path, FaultList faults)
    {
        if (type == "FQDN")
        {
            if (ObjectNames.Subdomain(text) is { } fault) faults.Invalid(path, text, fault);
            return;
        }
        if (type is not ("IPv4" or "IPv6")) return;
        var family = type == "IPv4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (!AddressFaults.TryParse(text, out var address) || address.AddressFamily != family)
            faults.Invalid(path, text, $"must be a valid {type} address");
        else if (AddressFaults.NonSpecial(address) is { } fault) faults.Invalid(path, text, fault);
    }
}
