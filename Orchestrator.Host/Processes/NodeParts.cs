using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Endpoint;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Docker;
using Orchestrator.Node.Runtime.Hollow;
using Orchestrator.Node.Runtime.Process;

namespace Orchestrator.Host.Processes;

/// <summary>The node that a member hosts, or its many simulated ones.</summary>
public sealed class NodeParts : IAsyncDisposable
{
    /// <summary>The version of the kubelet that nodes report, that of the API they implement.</summary>
    private const string KubeletVersion = "v1.32.0+orchestrator.1";

    private static readonly TimeSpan RegistrationTimeout = TimeSpan.FromSeconds(60);

    private readonly NodeAgent _agent;
    private readonly NodeEndpoint _endpoint;

    private NodeParts(NodeAgent agent, NodeEndpoint endpoint)
    {
        _agent = agent;
        _endpoint = endpoint;
    }

    /// <summary>Starts the kubelets and waits until the control plane knows their nodes.</summary>
    /// <exception cref="StartException">The runtime that was asked for does not answer.</exception>
    public static async Task<NodeParts> StartAsync(
        ActorSystem system, ProcessSettings settings, TokenRequests tokens, KubeletSettings kubelet, IRegistries registries, MemberCertificates certificates,
        DataDirectory data, TimeProvider clock)
    {
        var (runtime, version) = await RuntimeAsync(settings, data, clock).ConfigureAwait(false);
        var (listen, address) = Addresses(settings.Remoting.Address, NodeFacts.MachineAddress());
        IActorRef? kubelets = null;
        var facts = NodeFacts.OfThisMachine(settings.NodeName, version, KubeletVersion, 0, data.Path) with
        {
            Address = address,
            Annotations = ImmutableDictionary<string, string>.Empty.Add(NodeMembers.Annotation, NodeMembers.Name(Cluster.Get(system).SelfUniqueAddress)),
        };
        var certificate = await certificates.NodeAsync(settings.NodeName, listen).ConfigureAwait(false);
        var served = new ServedNodes(settings.NodeName, Nodes(settings, facts).ToImmutableDictionary(static n => n.Name));
        var endpoint = await NodeEndpoint.StartAsync(
            listen, 0, certificate.Certificate, certificate.Authority, runtime, registries, () => Volatile.Read(ref kubelets), served,
            kubelet.LogDirectory, CancellationToken.None).ConfigureAwait(false);
        var nodes = Nodes(settings, facts with { EndpointPort = endpoint.Port });
        var agent = new NodeAgent(runtime, registries, kubelet, data.File("kubelet"), clock, tokens);
        var registered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (kubelets, var started) = await agent.StartAsync(system, settings.NodeName, nodes, () => registered.TrySetResult()).ConfigureAwait(false);
        try
        {
            await started.WaitAsync(RegistrationTimeout, clock).ConfigureAwait(false);
            await registered.Task.WaitAsync(RegistrationTimeout, clock).ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            throw new StartException(e.Message, e);
        }
        catch (TimeoutException e)
        {
            throw new StartException(started.IsCompleted
                ? $"The node {settings.NodeName} could not be registered within {RegistrationTimeout.TotalSeconds:0} s; is the control plane up?"
                : $"The kubelet of node {settings.NodeName} did not start within {RegistrationTimeout.TotalSeconds:0} s; does the container runtime answer?", e);
        }
        return new NodeParts(agent, endpoint);
    }

    /// <summary>Where the node's endpoint listens, and what the node and the pods in its network say that their address is.</summary>
    /// <remarks>A cluster that keeps to the loopback interface is of one machine, and nobody else is to reach its endpoints; but the loopback
    /// address says of nothing where it is: it can be no endpoint of a Service, and a pod would take it for itself. So a node never has it, as
    /// a kubelet would not take it, unless the machine has no other.</remarks>
    /// <param name="remoting">Where remoting listens.</param>
    /// <param name="machine">The address of the machine.</param>
    public static (IPAddress Listen, string Node) Addresses(IPAddress remoting, string machine) =>
        remoting.Equals(IPAddress.Any) ? (IPAddress.Parse(machine), machine)
        : IPAddress.IsLoopback(remoting) ? (remoting, machine)
        : (remoting, remoting.ToString());

    private static ImmutableArray<NodeFacts> Nodes(ProcessSettings settings, NodeFacts facts) => settings.Hollow == 0
        ? [facts]
        : [.. Enumerable.Range(0, settings.Hollow).Select(i => facts with
        {
            Name = $"{settings.NodeName}-{i}",
            Hostname = $"{settings.NodeName}-{i}",
            Annotations = facts.Annotations.Add(NodeMembers.ProcessAnnotation, settings.NodeName),
        })];

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync().ConfigureAwait(false);
        await _endpoint.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<(IContainerRuntime Runtime, string Version)> RuntimeAsync(ProcessSettings settings, DataDirectory data, TimeProvider clock)
    {
        if (settings.Runtime == RuntimeKind.Hollow) return await WithVersion(new HollowContainerRuntime(clock)).ConfigureAwait(false);
        if (settings.Runtime is RuntimeKind.Docker or RuntimeKind.Auto)
        {
            var engine = new Uri(Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } host ? host : "unix:///var/run/docker.sock");
            try
            {
                return await WithVersion(DockerContainerRuntime.Connect(engine, NodeIdentity.Of(data.File("kubelet")))).ConfigureAwait(false);
            }
            catch (Exception e) when (settings.Runtime == RuntimeKind.Docker)
            {
                throw new StartException($"Docker Engine does not answer at {engine}: {e.Message}. Start it, set DOCKER_HOST, or use --runtime process.", e);
            }
            catch (Exception)
            {
                // Auto: no engine, so containers are host processes.
            }
        }
        return await WithVersion(new ProcessContainerRuntime(data.File("containers"), clock)).ConfigureAwait(false);
    }

    private static async Task<(IContainerRuntime, string)> WithVersion(IContainerRuntime runtime) =>
        (runtime, $"{runtime.Name}://{await runtime.GetVersionAsync(CancellationToken.None).ConfigureAwait(false)}");
}
