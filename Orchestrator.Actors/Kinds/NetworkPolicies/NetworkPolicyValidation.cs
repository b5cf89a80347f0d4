using System.Net;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.NetworkPolicies;

/// <summary>Ports, peers and ranges of addresses of a policy.</summary>
/// <remarks>Source: kubernetes pkg/apis/networking/validation.</remarks>
public sealed class NetworkPolicyValidation : IKindValidation
{
    private const string NotARange = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        if (JsonTree.Object(spec, "podSelector") is { } selector) SelectorValidation.Validate(selector, Spec.Child("podSelector"), faults);
        foreach (var (list, peers) in (ReadOnlySpan<(string, string)>)[("ingress", "from"), ("egress", "to")])
        {
            foreach (var (index, rule) in spec.Entries(list))
            {
                var path = Spec.Child(list).Index(index);
                foreach (var (at, port) in rule.Entries("ports")) ValidatePort(port, path.Child("ports").Index(at), faults);
                foreach (var (at, peer) in rule.Entries(peers)) ValidatePeer(peer, path.Child(peers).Index(at), faults);
            }
        }
        var types = spec.Texts("policyTypes");
        if (types.Length > 2) faults.Invalid(Spec.Child("policyTypes"), spec["policyTypes"], "may not specify more than two policyTypes");
        for (var i = 0; i < types.Length && types.Length <= 2; i++)
            if (types[i] is not ("Ingress" or "Egress")) faults.NotSupported(Spec.Child("policyTypes").Index(i), types[i], ["Egress", "Ingress"]);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidatePort(JsonObject port, FieldPath path, FaultList faults)
    {
        FieldRules.OneOf(port, "protocol", ["TCP", "UDP", "SCTP"], path, faults);
        var end = JsonTree.Int64(port, "endPort");
        if (port["port"] is not { } first)
        {
            if (end is not null) faults.Invalid(path.Child("endPort"), end, "may not be specified when `port` is not specified");
            return;
        }
        SelectorValidation.ValidatePort(first, path.Child("port"), faults);
        if (end is not { } last) return;
        if (JsonTree.IsString(first, out _)) faults.Invalid(path.Child("endPort"), last, "may not be specified when `port` is non-numeric");
        else
        {
            if (last < JsonTree.AsInt64(first)) faults.Invalid(path.Child("endPort"), last, "must be greater than or equal to `port`");
            if (last is < 1 or > 65535) faults.Invalid(path.Child("endPort"), last, "must be between 1 and 65535, inclusive");
        }
    }

    private static void ValidatePeer(JsonObject peer, FieldPath path, FaultList faults)
    {
        var count = 0;
        foreach (var name in (ReadOnlySpan<string>)["podSelector", "namespaceSelector"])
        {
            if (JsonTree.Object(peer, name) is not { } selector) continue;
            count++;
            SelectorValidation.Validate(selector, path.Child(name), faults);
        }
        var block = JsonTree.Object(peer, "ipBlock");
        if (block is not null)
        {
            count++;
            ValidateBlock(block, path.Child("ipBlock"), faults);
        }
        if (count == 0) faults.Required(path, "must specify a peer");
        else if (count > 1 && block is not null) faults.Forbidden(path, "may not specify both ipBlock and another peer");
    }

    private static void ValidateBlock(JsonObject block, FieldPath path, FaultList faults)
    {
        var cidr = FieldRules.Required(block, "cidr", path, faults);
        if (cidr.Length == 0) return;
        if (!TryParse(cidr, out var range))
        {
            faults.Invalid(path.Child("cidr"), cidr, NotARange);
            return;
        }
        var excepts = block.Texts("except");
        for (var i = 0; i < excepts.Length; i++)
        {
            var here = path.Child("except").Index(i);
            if (!TryParse(excepts[i], out var part)) faults.Invalid(here, excepts[i], NotARange);
            else if (!range.Contains(part.BaseAddress) || part.PrefixLength <= range.PrefixLength) faults.Invalid(here, excepts[i], "must be a strict subset of `cidr`");
        }
    }

    /// <summary>A range as Go reads it: an address and the length of its prefix, bits beyond it allowed.</summary>
    private static bool TryParse(string text, out IPNetwork range)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !AddressFaults.TryParse(text[..slash], out var address)) return false;
        var bytes = address.GetAddressBytes();
        if (!int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var length)
            || length > bytes.Length * 8) return false;
        for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        range = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }
}
