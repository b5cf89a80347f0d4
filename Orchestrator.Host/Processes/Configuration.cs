using System.Globalization;
using System.Net;
using System.Text;
using Hocon;
using Orchestrator.Actors.Admission.PodSecurity;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Host.Processes;

/// <summary>Reads HOCON once: flags over <c>--config</c> over the shipped file of the process over our reference.conf.</summary>
public sealed class Configuration
{
    private readonly Config _config;

    private Configuration(Config config) => _config = config;

    /// <summary>The whole configuration as text, for Akka, which has a parser of its own.</summary>
    public override string ToString() => _config.ToString();

    /// <param name="process">Names the shipped file: up, seed, node or shell.</param>
    /// <param name="userFile">The file of <c>--config</c>, if one was given.</param>
    /// <param name="flags">HOCON made from the command line.</param>
    /// <exception cref="StartException">A file is missing or is not HOCON.</exception>
    public static Configuration Load(string process, string? userFile, string flags)
    {
        var shipped = Path.Combine(AppContext.BaseDirectory, "hocon", $"{process}.conf");
        var config = HoconConfigurationFactory.ParseString(flags);
        if (userFile is not null) config = config.WithFallback(Read(userFile));
        config = config.WithFallback(Read(shipped))
            .WithFallback(HoconConfigurationFactory.FromResource("Orchestrator.Actors.reference.conf", typeof(RegistryActor).Assembly));
        return new Configuration(config);
    }

    /// <summary>Reads all that parts of a member will ask for.</summary>
    /// <exception cref="StartException">A value is not what its key takes.</exception>
    public void RequireUsable()
    {
        Registry();
        Controllers("", 0);
        Kubelet();
        PodSecurity();
    }

    /// <summary>The settings of the registries.</summary>
    /// <exception cref="StartException">A value is not what its key takes.</exception>
    public RegistrySettings Registry() => Checked("orchestrator.registry", () => new RegistrySettings
    {
        SnapshotAfterMin = _config.GetInt("orchestrator.registry.snapshot-after-min"),
        Retention = _config.GetString("orchestrator.registry.retention") == "forever" ? null : _config.GetTimeSpan("orchestrator.registry.retention"),
        WaitingMax = _config.GetInt("orchestrator.registry.waiting-max"),
    });

    /// <summary>The settings of the controllers and the scheduler.</summary>
    /// <param name="hostName">The name that events give as their source's host.</param>
    /// <param name="schedulerSeed">The seed of the scheduler's choice between equal nodes.</param>
    /// <exception cref="StartException">A value is not what its key takes.</exception>
    public ControllerSettings Controllers(string hostName, int schedulerSeed) => Checked("orchestrator.controllers", () => new ControllerSettings
    {
        Shards = _config.GetInt("orchestrator.controllers.shards"),
        IdleAfter = _config.GetTimeSpan("orchestrator.controllers.idle-after"),
        CacheDeadline = _config.GetTimeSpan("orchestrator.controllers.cache-deadline"),
        PauseMax = _config.GetTimeSpan("orchestrator.controllers.pause-max"),
        RetryMin = _config.GetTimeSpan("orchestrator.controllers.retry-min"),
        RetryMax = _config.GetTimeSpan("orchestrator.controllers.retry-max"),
        NodeGracePeriod = _config.GetTimeSpan("orchestrator.controllers.node-grace-period"),
        EventsKeptFor = _config.GetTimeSpan("orchestrator.controllers.events-kept-for"),
        HostName = hostName,
        SchedulerSeed = schedulerSeed,
    }.Validated());

    /// <summary>The settings of the kubelets.</summary>
    /// <exception cref="StartException">A value is not what its key takes.</exception>
    public KubeletSettings Kubelet() => Checked("orchestrator.kubelet", () => new KubeletSettings
    {
        JournalPluginId = _config.GetString("orchestrator.kubelet.journal-plugin-id"),
        SnapshotPluginId = _config.GetString("orchestrator.kubelet.snapshot-plugin-id"),
        SimulatedJournalPluginId = _config.GetString("orchestrator.kubelet.simulated.journal-plugin-id"),
        SimulatedSnapshotPluginId = _config.GetString("orchestrator.kubelet.simulated.snapshot-plugin-id"),
        SnapshotAfterMin = _config.GetInt("orchestrator.kubelet.snapshot-after-min"),
        SnapshotAfterPerPod = _config.GetInt("orchestrator.kubelet.snapshot-after-per-pod"),
        LogDirectory = _config.GetString("orchestrator.kubelet.log-directory"),
    });

    public PodSecuritySettings PodSecurity() => Checked("orchestrator.admission.pod-security", () =>
    {
        const string defaults = "orchestrator.admission.pod-security.defaults.";
        const string exemptions = "orchestrator.admission.pod-security.exemptions.";
        return new PodSecuritySettings(
            new PodSecurityPolicy(Level("enforce"), Level("audit"), Level("warn")),
            [.. _config.GetStringList(exemptions + "namespaces")], [.. _config.GetStringList(exemptions + "usernames")], [.. _config.GetStringList(exemptions + "runtime-classes")]);

        LevelVersion Level(string mode)
        {
            var (level, version) = (_config.GetString(defaults + mode), _config.GetString($"{defaults}{mode}-version"));
            return new LevelVersion(
                LevelVersion.ReadLevel(level) ?? throw new ArgumentException($"{mode} must be one of privileged, baseline, restricted, not \"{level}\""),
                LevelVersion.ReadVersion(version) ?? throw new ArgumentException($"{mode}-version must be \"latest\" or \"v1.x\", not \"{version}\""));
        }
    });

    /// <summary>The same with one more cluster role.</summary>
    public Configuration WithRole(string role)
    {
        var roles = _config.GetStringList("akka.cluster.roles").Append(role).Select(Quoted);
        return new Configuration(HoconConfigurationFactory.ParseString($"akka.cluster.roles = [{string.Join(", ", roles)}]").WithFallback(_config));
    }

    /// <summary>The flags that place the process: where remoting listens and where its journal is. Whom it joins is not configured, for that changes with the cluster.</summary>
    /// <exception cref="StartException">Remoting would be open to others without TLS.</exception>
    /// <param name="journalFile">The cluster's journal, unless --journal names another.</param>
    /// <param name="kubeletFile">The journal of this process's kubelets.</param>
    public static string Flags(ProcessSettings settings, string journalFile, string kubeletFile)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"include {Quoted(Path.Combine(AppContext.BaseDirectory, "hocon",
            settings.Journal is JournalLocation.PostgreSql ? "journal-postgresql.conf" : "journal-sqlite.conf"))}");
        var connection = settings.Journal switch
        {
            JournalLocation.PostgreSql postgres => postgres.ConnectionString,
            JournalLocation.Sqlite sqlite => $"Data Source={sqlite.File}",
            _ => $"Data Source={journalFile}",
        };
        foreach (var plugin in new[] { "journal", "snapshot-store" })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"akka.persistence.{plugin}.sql.connection-string = {Quoted(connection)}");
            if (settings.Node) text.AppendLine(CultureInfo.InvariantCulture, $"akka.persistence.{plugin}.kubelet.connection-string = {Quoted($"Data Source={kubeletFile}")}");
        }
        Remoting(text, settings.Remoting);
        return text.ToString();
    }

    /// <summary>Where remoting of a process listens.</summary>
    public static void Remoting(StringBuilder text, IPEndPoint endpoint)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"akka.remote.dot-netty.tcp.hostname = {Quoted(endpoint.Address.ToString())}");
        text.AppendLine(CultureInfo.InvariantCulture, $"akka.remote.dot-netty.tcp.port = {endpoint.Port}");
    }

    /// <summary>Refuses remoting that others can reach without TLS on both sides.</summary>
    /// <exception cref="StartException">It would be.</exception>
    public void RequireSafeRemoting(IPEndPoint endpoint, bool insecure)
    {
        if (IPAddress.IsLoopback(endpoint.Address) || insecure) return;
        var ssl = _config.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl");
        var mutual = _config.GetBoolean("akka.remote.dot-netty.tcp.ssl.require-mutual-authentication");
        if (ssl && mutual) return;
        throw new StartException(
            $"Remoting on {endpoint.Address} would be open to everyone who reaches it: configure TLS with mutual authentication by --config "
            + "(akka.remote.dot-netty.tcp.enable-ssl and .ssl, see README.md), listen on a loopback address, or allow it with --insecure.");
    }

    public static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static Config Read(string file)
    {
        try
        {
            return HoconConfigurationFactory.FromFile(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or IOException)
        {
            throw new StartException($"The configuration file {file} cannot be read: {e.Message}", e);
        }
        catch (HoconException e)
        {
            throw new StartException($"The configuration file {file} is not valid HOCON: {e.Message}", e);
        }
    }

    private static T Checked<T>(string section, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is HoconException or FormatException or OverflowException or ArgumentException)
        {
            throw new StartException($"The configuration under {section} is not valid: {e.Message}", e);
        }
    }
}
