using System.Runtime.CompilerServices;
using Akka.Configuration;
using Akka.Remote.TestKit;
using Orchestrator.Actors.Serialization;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.MultiNode.Tests.Kubelets;

/// <summary>One control-plane member and two nodes, each with a journal of its own and the configuration of production.</summary>
public class ControlPlaneAndTwoNodes : MultiNodeConfig
{
    public ControlPlaneAndTwoNodes()
    {
        ControlPlane = Role("control-plane");
        First = Role("first");
        Second = Role("second");
        CommonConfig = ConfigurationFactory.ParseString("""
            # Without filters of events, so also without a warning for every dead letter.
            akka.loggers = ["Akka.Event.DefaultLogger"]
            # A loaded machine may take its time to start three processes.
            akka.testconductor.barrier-timeout = 60 s
            akka.test.single-expect-default = 20 s
            """)
            .WithFallback(File("journal-sqlite.conf"))
            .WithFallback(File("journal-kubelet.conf"))
            .WithFallback(File("common.conf"));
        NodeConfig([ControlPlane], [Own("sql", "cluster", "control-plane")]);
        foreach (var node in new[] { First, Second })
            NodeConfig([node], [Own("kubelet", node.Name, KubeletRegion.Role, NodeProcessAllocation.RoleOf(node.Name))]);
    }

    public RoleName ControlPlane { get; }
    public RoleName First { get; }
    public RoleName Second { get; }

    [ModuleInitializer]
    internal static void AddCodecs() => OrchestratorSerializer.Extensions.AddRange(KubeletCodecs.All);

    private static Config Own(string plugin, string file, params string[] roles)
    {
        // The adapter gives all nodes of a run one folder for temporary files.
        var path = Path.Combine(Path.GetTempPath(), $"{file}.db").Replace('\\', '/');
        return ConfigurationFactory.ParseString($$"""
            akka.cluster.roles = [{{string.Join(", ", roles)}}]
            akka.persistence.journal.{{plugin}}.connection-string = "Data Source={{path}}"
            akka.persistence.snapshot-store.{{plugin}}.connection-string = "Data Source={{path}}"
            """);
    }

    private static Config File(string name) =>
        ConfigurationFactory.ParseString(System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", name)));
}
