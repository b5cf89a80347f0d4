using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>What only one Service may have at a time: cluster addresses and node ports, as text.</summary>
public static class ServiceClaims
{
    /// <summary>The address of a Service that wants none.</summary>
    public const string None = "None";

    public static string Address(string ip) => "ip/" + ip;

    public static string Port(string protocol, long port) => string.Create(CultureInfo.InvariantCulture, $"port/{protocol}/{port}");

    /// <summary>The claims that the spec of a Service makes.</summary>
    public static ImmutableArray<string> Of(JsonElement spec)
    {
        if (spec.Text("type") == "ExternalName") return [];
        var claims = ImmutableArray.CreateBuilder<string>();
        foreach (var ip in spec.Items("clusterIPs"))
            if (ip.Text() is { Length: > 0 } text && text != None) claims.Add(Address(text));
        foreach (var port in spec.Items("ports"))
            if (port.Number("nodePort") is > 0 and var number) claims.Add(Port(port.Text("protocol") is { Length: > 0 } protocol ? protocol : "TCP", number));
        if (spec.Number("healthCheckNodePort") is > 0 and var health) claims.Add(Port("TCP", health));
        return claims.DrainToImmutable();
    }

    /// <summary>The refusal of a write that came second; whoever chose for the client chooses again.</summary>
    public static ApiError Refusal(string name, string claim) =>
        ApiError.Conflict(ResourceTypes.Services, name, $"{claim[(claim.IndexOf('/', StringComparison.Ordinal) + 1)..]} was given to another Service at the same time; please try again");
}
