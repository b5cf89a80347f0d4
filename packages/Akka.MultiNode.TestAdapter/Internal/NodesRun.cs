using System.Reflection;
using System.Text;
using Akka.Remote.TestKit.Internal;

namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>One run of a multi-node test: a conductor in this process, and a process for each role.</summary>
internal static class NodesRun
{
    /// <summary>Runs the method in every role and returns what the nodes have written.</summary>
    /// <exception cref="MultiNodeRunException">A node failed, or the deadline passed; holds what all of them have written.</exception>
    public static async Task<string> RunAsync(Type spec, MethodInfo method, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var roles = SpecRoles.Of(spec);
        var directory = Directory.CreateTempSubdirectory("multinode-").FullName;
        var nodes = new List<RoleProcess>();
        try
        {
            var conductor = new Conductor(roles, (role, _) => nodes.Single(n => n.Role == role).KillAsync());
            await using (conductor.ConfigureAwait(false))
            {
                for (var i = 0; i < roles.Count; i++)
                {
                    var command = new NodeCommand(spec.Assembly.Location, spec.FullName!, method.Name, i, roles.Count, conductor.Port);
                    nodes.Add(new RoleProcess(roles[i], command, directory));
                }

                var faults = await WaitAsync(nodes, conductor, deadline, cancellationToken).ConfigureAwait(false);
                var output = Outputs(nodes);
                return faults.Count == 0
                    ? output
                    : throw new MultiNodeRunException($"{string.Join("; ", faults)}{Environment.NewLine}{output}");
            }
        }
        finally
        {
            foreach (var node in nodes) node.Kill();
            foreach (var node in nodes)
            {
                await node.Exited.ConfigureAwait(false);
                node.Dispose();
            }

            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<List<string>> WaitAsync(
        List<RoleProcess> nodes, Conductor conductor, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var running = nodes.ToDictionary(n => n.Exited as Task);
        var late = Task.Delay(deadline, cancellationToken);
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny([.. running.Keys, late]).ConfigureAwait(false);
            if (ended == late)
            {
                var names = string.Join(", ", running.Values.Select(n => n.Role));
                faults.Add(cancellationToken.IsCancellationRequested ? $"Cancelled while [{names}] ran" : $"[{names}] did not end within {deadline}");
                foreach (var node in running.Values) node.Kill();
                await Task.WhenAll(running.Keys).ConfigureAwait(false);
                return faults;
            }

            running.Remove(ended, out var exited);
            // The others find out at their next barrier, and end by themselves.
            conductor.OnExited(exited!.Role);
            if (await exited.Exited.ConfigureAwait(false) is { } fault) faults.Add(fault);
        }

        return faults;
    }

    private static string Outputs(List<RoleProcess> nodes)
    {
        var text = new StringBuilder();
        foreach (var node in nodes) text.AppendLine($"--- {node.Role} ---").AppendLine(node.Output.TrimEnd());
        return text.ToString();
    }
}
