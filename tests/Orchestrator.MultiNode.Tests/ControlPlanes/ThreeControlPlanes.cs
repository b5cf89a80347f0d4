using Akka.Configuration;
using Akka.Remote.TestKit;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>Three control-plane members with the configuration of production and one SQLite journal between them.</summary>
public class ThreeControlPlanes : MultiNodeConfig
{
    public ThreeControlPlanes()
    {
        First = Role("first");
        Second = Role("second");
        Third = Role("third");
        TestTransport = true;
        CommonConfig = ConfigurationFactory.ParseString("""
            akka.cluster.roles = [control-plane]
            # Without filters of events, so also without a warning for every dead letter.
            akka.loggers = ["Akka.Event.DefaultLogger"]
            # A loaded machine may take its time to start three processes.
            akka.testconductor.barrier-timeout = 60 s
            akka.test.single-expect-default = 20 s
            """)
            .WithFallback(Journal())
            .WithFallback(File("journal-sqlite.conf"))
            .WithFallback(File("common.conf"));
    }

    public RoleName First { get; }
    public RoleName Second { get; }
    public RoleName Third { get; }

    private static Config Journal()
    {
        // The adapter gives all nodes of a run one folder for temporary files.
        var path = Path.Combine(Path.GetTempPath(), "journal.db").Replace('\\', '/');
        return ConfigurationFactory.ParseString($$"""
            akka.persistence.journal.sql.connection-string = "Data Source={{path}}"
            akka.persistence.snapshot-store.sql.connection-string = "Data Source={{path}}"
            """);
    }

    private static Config File(string name) =>
        ConfigurationFactory.ParseString(System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", name)));
}
