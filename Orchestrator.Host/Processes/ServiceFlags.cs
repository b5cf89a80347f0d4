using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Orchestrator.Actors.Kinds.Services;

namespace Orchestrator.Host.Processes;

/// <summary>The flags about what Services are given, of <c>up</c> and <c>seed</c>; named as kube-apiserver names them.</summary>
internal sealed class ServiceFlags
{
    private readonly Option<IPNetwork> _addresses = new("--service-cluster-ip-range")
    {
        Description = "What Services get their cluster addresses of; the same on all seeds. The first is that of the API server.",
        HelpName = "CIDR",
        DefaultValueFactory = static _ => ServiceRanges.Default.Addresses,
        CustomParser = static result =>
        {
            if (!ServiceRanges.TryParseAddresses(result.Tokens[0].Value, out var network))
                result.AddError($"--service-cluster-ip-range takes an IPv4 network from /12 to /28, not \"{result.Tokens[0].Value}\".");
            return network;
        },
    };

    private readonly Option<(int Min, int Max)> _ports = new("--service-node-port-range")
    {
        Description = $"What Services get their ports on nodes of; the same on all seeds. Default: {ServiceRanges.Default.NodePortMin}-{ServiceRanges.Default.NodePortMax}.",
        HelpName = "MIN-MAX",
        CustomParser = static result =>
        {
            if (!ServiceRanges.TryParsePorts(result.Tokens[0].Value, out var min, out var max))
                result.AddError($"--service-node-port-range takes two ports such as 30000-32767, not \"{result.Tokens[0].Value}\".");
            return (min, max);
        },
    };

    public void AddTo(Command command)
    {
        command.Add(_addresses);
        command.Add(_ports);
    }

    public ServiceRanges Read(ParseResult result)
    {
        var ranges = ServiceRanges.Default with { Addresses = result.GetValue(_addresses) };
        return result.GetResult(_ports) is { Tokens.Count: > 0 } ? ranges with { NodePortMin = result.GetValue(_ports).Min, NodePortMax = result.GetValue(_ports).Max } : ranges;
    }
}
