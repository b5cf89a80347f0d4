using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Cluster;
using Hocon;
using Microsoft.Extensions.Logging;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Host.Processes;

/// <summary>A member of the cluster from start to stop: <c>up</c>, <c>seed</c> and <c>node</c> differ in what they host.</summary>
public static class MemberProcess
{
    public const string SystemName = "orchestrator";

    /// <summary>How long a member may take to be admitted, other members included that have to be found.</summary>
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Runs until it is told to stop; returns the exit code.</summary>
    /// <exception cref="StartException">It cannot start; the message says why and what to do.</exception>
    public static async Task<int> RunAsync(ProcessSettings settings, TextWriter output, CancellationToken cancellationToken)
    {
        using var data = DataDirectory.Open(settings.DataDirectory);
        var role = (settings.ControlPlane, settings.Node) switch { (true, true) => "up", (true, false) => "seed", _ => "node" };
        var configuration = Load(settings, data, role);
        configuration.RequireSafeRemoting(settings.Remoting, settings.Insecure);
        // A member that cannot be of use must not join: the others would move work to it, and away again.
        configuration.RequireUsable();
        var files = AccessFiles.Read(settings.Access, TimeProvider.System);
        RequireAuditLog(settings);

        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, stop));
        // A terminal that closes ends the process as well, and that is no reason to be missed by the others.
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => Stop(c, stop));
        using var memory = new IdleMemory(TimeProvider.System);
        await using var registration = cancellationToken.Register(() => stop.TrySetResult());

        var system = CreateSystem(configuration, settings);
        try
        {
            await JoinAsync(system, settings, data).ConfigureAwait(false);
            await using var parts = new MemberParts(system, settings, configuration, files, data, TimeProvider.System);
            await output.WriteLineAsync(await parts.StartAsync().ConfigureAwait(false)).ConfigureAwait(false);
            await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            // A member that the others removed must not go on: its process ends, and a service manager starts it anew.
            var ended = await Task.WhenAny(stop.Task, system.WhenTerminated).ConfigureAwait(false);
            if (ended == stop.Task) return 0;
            await Console.Error.WriteLineAsync("The cluster removed this member; the process ends so that it can be started anew.").ConfigureAwait(false);
            return 1;
        }
        finally
        {
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance).ConfigureAwait(false);
        }
    }

    private static void RequireAuditLog(ProcessSettings settings)
    {
        try
        {
            settings.Audit?.RequireWritable();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"--audit-log-path: {settings.Audit!.Path} cannot be used: {e.Message}", e);
        }
    }

    private static void Stop(PosixSignalContext context, TaskCompletionSource stop)
    {
        // The runtime's own handling would end the process before it has left the cluster.
        context.Cancel = true;
        stop.TrySetResult();
    }

    private static Configuration Load(ProcessSettings settings, DataDirectory data, string role)
    {
        if (settings.Journal is JournalLocation.Sqlite sqlite && Path.GetDirectoryName(sqlite.File) is { } folder && !Directory.Exists(folder))
            throw new StartException($"The folder of the journal {sqlite.File} does not exist.");
        var configuration = Configuration.Load(role, settings.ConfigFile, Configuration.Flags(settings, data.File("journal.db"), data.File("kubelet.db")));
        // By this role the shard region of kubelets finds the process of a node.
        return settings.Node ? configuration.WithRole(NodeProcessAllocation.RoleOf(settings.NodeName)) : configuration;
    }

    private static ActorSystem CreateSystem(Configuration configuration, ProcessSettings settings)
    {
        try
        {
            return ActorSystem.Create(SystemName, configuration.ToString());
        }
        catch (Exception e) when (Find<SocketException>(e) is { } socket)
        {
            throw new StartException(socket.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"The address {settings.Remoting} is in use; stop the process that listens there or give another --remoting."
                : $"Remoting cannot listen on {settings.Remoting}: {socket.Message}", e);
        }
        catch (Exception e) when (e is HoconException or Akka.Configuration.ConfigurationException)
        {
            throw new StartException($"The configuration is not valid: {e.Message}", e);
        }
    }

    /// <summary>Joins the members it was given, or those of its last run that still answer, or forms a new cluster.</summary>
    private static async Task JoinAsync(ActorSystem system, ProcessSettings settings, DataDirectory data)
    {
        var cluster = Cluster.Get(system);
        var members = new KnownMembers(data.File("members"));
        var known = members.Read().Where(a => !a.Equals(cluster.SelfAddress));
        // Only who was given nobody to join may form a cluster of its own, and only if nobody answers.
        List<Address> seeds = settings.Join.Length > 0 ? [.. settings.Join.Select(AddressOf).Union(known)] : [cluster.SelfAddress, .. known];
        using var deadline = new CancellationTokenSource(JoinTimeout);
        try
        {
            await cluster.JoinSeedNodesAsync(seeds, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ClusterJoinFailedException)
        {
            throw new StartException($"No member answered at {string.Join(", ", seeds.Select(s => $"{s.Host}:{s.Port}"))} within {JoinTimeout.TotalSeconds:0} s; is one running, and is that its remoting address?", e);
        }
        members.Follow(system);
    }

    private static Address AddressOf(IPEndPoint endpoint) => new("akka.tcp", SystemName, endpoint.Address.ToString(), endpoint.Port);

    private static T? Find<T>(Exception? e) where T : Exception
    {
        for (; e is not null; e = e is AggregateException { InnerExceptions.Count: 1 } a ? a.InnerExceptions[0] : e.InnerException)
            if (e is T found) return found;
        return null;
    }
}
