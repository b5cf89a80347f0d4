using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Orchestrator.Actors.Admission;
using Orchestrator.Host.ApiServer.Audit;

namespace Orchestrator.Host.Processes;

/// <summary>What the command line asks for.</summary>
/// <param name="RunProcess">Runs a member of the cluster until it is told to stop; returns the exit code.</param>
/// <param name="RunShell">Runs a shell; returns the exit code.</param>
public sealed record CommandHandlers(
    Func<ProcessSettings, CancellationToken, Task<int>> RunProcess, Func<ShellSettings, CancellationToken, Task<int>> RunShell);

/// <summary>The command line: the sub-commands, their options, and their meaning.</summary>
public static class CommandLine
{
    /// <summary>Where remoting of <c>up</c> and <c>seed</c> listens unless told otherwise, and where a shell looks for it.</summary>
    private const string DefaultRemoting = "127.0.0.1:4053";

    private const string DefaultListen = "127.0.0.1:6443";

    public static async Task<int> RunAsync(string[] args, CommandHandlers handlers, TextWriter error)
    {
        var result = Root(handlers).Parse(args);
        if (result.Errors.Count > 0)
        {
            await error.WriteLineAsync($"{result.Errors[0].Message} See 'orchestrator {result.CommandResult.Command.Name} --help'."
                .Replace("orchestrator orchestrator", "orchestrator", StringComparison.Ordinal)).ConfigureAwait(false);
            return StartException.ExitCode;
        }
        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
                .ConfigureAwait(false);
        }
        catch (StartException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return StartException.ExitCode;
        }
    }

    private static RootCommand Root(CommandHandlers handlers) => new("A container orchestrator with the API of Kubernetes, made of actors.")
    {
        Up(handlers), Seed(handlers), Node(handlers), Shell(handlers),
    };

    private static Command Up(CommandHandlers handlers)
    {
        var options = new MemberOptions("data");
        var listen = ListenOption();
        var access = new AccessFlags();
        var services = new ServiceFlags();
        var journal = JournalOption();
        var runtime = RuntimeOption();
        var name = NodeNameOption("--node-name");
        var plugins = new AdmissionOptions();
        var requests = new RequestOptions();
        var command = new Command("up", "Runs everything in one process: API server, controllers, scheduler and one node.")
        { options.Data, listen, options.Remoting, runtime, name, journal, plugins.Enable, plugins.Disable,
            requests.AuditPath, requests.AuditPolicy, requests.AuditSize, requests.AuditBackups, requests.Max, requests.Timeout, options.Config, options.Insecure };
        access.AddTo(command);
        services.AddTo(command);
        command.SetAction((result, token) => handlers.RunProcess(options.Read(result) with
        {
            ControlPlane = true,
            Node = true,
            Listen = result.GetValue(listen)!,
            Access = access.Read(result),
            Services = services.Read(result),
            Journal = result.GetValue(journal),
            AdmissionPlugins = plugins.Read(result),
            Audit = requests.ReadAudit(result),
            RequestsMax = result.GetValue(requests.Max),
            RequestTimeout = result.GetValue(requests.Timeout) ?? TimeSpan.FromMinutes(1),
            Runtime = result.GetValue(runtime),
            NodeName = result.GetValue(name)!,
        }, token));
        return command;
    }

    private static Command Seed(CommandHandlers handlers)
    {
        var options = new MemberOptions("data-seed");
        var listen = ListenOption();
        var join = JoinOption(required: false);
        var journal = JournalOption();
        var access = new AccessFlags();
        var services = new ServiceFlags();
        var plugins = new AdmissionOptions();
        var requests = new RequestOptions();
        var command = new Command("seed", "Runs a control-plane member: API server, registries, controllers, scheduler candidate.")
        { options.Data, listen, options.Remoting, join, journal, plugins.Enable, plugins.Disable,
            requests.AuditPath, requests.AuditPolicy, requests.AuditSize, requests.AuditBackups, requests.Max, requests.Timeout, options.Config, options.Insecure };
        access.AddTo(command);
        services.AddTo(command);
        command.SetAction((result, token) => handlers.RunProcess(options.Read(result) with
        {
            ControlPlane = true,
            Listen = result.GetValue(listen)!,
            Join = [.. result.GetValue(join) ?? []],
            Journal = result.GetValue(journal),
            Access = access.Read(result),
            Services = services.Read(result),
            AdmissionPlugins = plugins.Read(result),
            Audit = requests.ReadAudit(result),
            RequestsMax = result.GetValue(requests.Max),
            RequestTimeout = result.GetValue(requests.Timeout) ?? TimeSpan.FromMinutes(1),
        }, token));
        return command;
    }

    private static Command Node(CommandHandlers handlers)
    {
        var options = new MemberOptions("data-node", "127.0.0.1:0");
        var name = NodeNameOption("--name");
        var join = JoinOption(required: true);
        var runtime = RuntimeOption();
        var hollow = new Option<int>("--hollow") { Description = "Simulate this many nodes in one process, named NAME-0, NAME-1, ...", HelpName = "N" };
        hollow.Validators.Add(r =>
        {
            if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out var n) && n is < 1 or > 10_000)
                r.AddError("--hollow takes a number from 1 to 10000.");
        });
        var command = new Command("node", "Runs a worker: kubelet and container runtime.")
        { name, join, options.Data, options.Remoting, runtime, hollow, options.Config, options.Insecure };
        command.SetAction((result, token) => handlers.RunProcess(options.Read(result) with
        {
            Node = true,
            NodeName = result.GetValue(name)!,
            Join = [.. result.GetValue(join) ?? []],
            Runtime = result.GetValue(hollow) > 0 ? RuntimeKind.Hollow : result.GetValue(runtime),
            Hollow = result.GetValue(hollow),
        }, token));
        return command;
    }

    private static Command Shell(CommandHandlers handlers)
    {
        var connect = EndPointOption("--connect", "The remoting address of a seed.", DefaultRemoting);
        var output = new Option<string>("--output", "-o") { Description = "How results are printed.", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json", "yaml");
        var config = ConfigOption();
        var words = new Argument<string[]>("COMMAND") { Description = "One command; without it the shell is interactive. 'help' lists the commands.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("shell", "Talks to a running cluster over remoting.") { connect, output, config, words };
        // What follows the first word belongs to the shell's own command, options included.
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((result, token) => handlers.RunShell(new ShellSettings
        {
            Connect = result.GetValue(connect)!,
            Output = result.GetValue(output)!,
            ConfigFile = result.GetValue(config),
            Command = [.. result.GetValue(words) ?? [], .. result.UnmatchedTokens],
        }, token));
        return command;
    }

    private static Option<IPEndPoint> ListenOption() =>
        EndPointOption("--listen", "Where the API server listens; port 0 is picked and printed.", DefaultListen);

    private static Option<IPEndPoint> EndPointOption(string name, string description, string defaultValue) => new(name)
    {
        Description = description,
        HelpName = "ADDR:PORT",
        DefaultValueFactory = _ => IPEndPoint.Parse(defaultValue),
        CustomParser = result => ParseEndPoint(result, result.Tokens[0].Value, name),
    };

    private static Option<IPEndPoint[]> JoinOption(bool required) => new("--join")
    {
        Description = "Remoting addresses of members of the cluster to join.",
        HelpName = "ADDR:PORT[,ADDR:PORT]",
        Required = required,
        CustomParser = result =>
        {
            var found = new List<IPEndPoint>();
            foreach (var text in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (ParseEndPoint(result, text, "--join") is { } endpoint) found.Add(endpoint);
            return [.. found];
        },
    };

    private static IPEndPoint? ParseEndPoint(ArgumentResult result, string text, string option)
    {
        var normal = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + text[9..] : text;
        if (normal.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(normal, out var endpoint)) return endpoint;
        result.AddError($"{option} takes an address and a port, such as 127.0.0.1:6443, not \"{text}\".");
        return null;
    }

    private static Option<JournalLocation?> JournalOption() => new("--journal")
    {
        Description = "Where the journal lives; the default is a SQLite file in the data directory.",
        HelpName = "sqlite:FILE|postgresql:CONNECTIONSTRING",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (text.StartsWith("sqlite:", StringComparison.Ordinal) && text.Length > 7) return new JournalLocation.Sqlite(Path.GetFullPath(text[7..]));
            if (text.StartsWith("postgresql:", StringComparison.Ordinal) && text.Length > 11) return new JournalLocation.PostgreSql(text[11..]);
            result.AddError("--journal takes sqlite:FILE or postgresql:CONNECTIONSTRING.");
            return null;
        },
    };

    private static Option<RuntimeKind> RuntimeOption() => new("--runtime")
    {
        Description = "What runs containers: docker, process (host processes), hollow (simulated), or auto (docker where its engine answers, else process).",
        HelpName = "auto|docker|process|hollow",
        CustomParser = result =>
        {
            if (Enum.TryParse<RuntimeKind>(result.Tokens[0].Value, ignoreCase: true, out var kind) && !char.IsDigit(result.Tokens[0].Value[0])) return kind;
            result.AddError($"--runtime takes auto, docker, process or hollow, not \"{result.Tokens[0].Value}\".");
            return default;
        },
    };

    private static Option<string> NodeNameOption(string name)
    {
        var option = new Option<string>(name) { Description = "The name of the node.", HelpName = "NAME", Required = name == "--name" };
        if (!option.Required) option.DefaultValueFactory = _ => Environment.MachineName.ToLowerInvariant();
        option.Validators.Add(result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : null;
            if (text is not null && !NodeNames.IsValid(text))
                result.AddError($"{name} takes a lowercase name of letters, digits, '-' and '.', not \"{text}\".");
        });
        return option;
    }

    private static Option<string?> ConfigOption() => new("--config") { Description = "HOCON that overrides the shipped configuration.", HelpName = "FILE" };

    /// <summary>Which admission plugins an API server has.</summary>
    private sealed class AdmissionOptions
    {
        public Option<string[]> Enable { get; } = PluginsOption("--enable-admission-plugins", "Admission plugins to switch on beside those that are on by default.");

        public Option<string[]> Disable { get; } = PluginsOption("--disable-admission-plugins", "Admission plugins to switch off.");

        /// <exception cref="StartException">A name is unknown, or is in both lists.</exception>
        public ImmutableHashSet<string> Read(ParseResult result)
        {
            var (enabled, fault) = AdmissionPlugins.Select(result.GetValue(Enable) ?? [], result.GetValue(Disable) ?? []);
            return enabled ?? throw new StartException(fault!);
        }

        private static Option<string[]> PluginsOption(string name, string description) => new(name)
        {
            Description = $"{description} Known are {string.Join(", ", AdmissionPlugins.Names)}; on by default are {string.Join(", ", AdmissionPlugins.Names.Where(AdmissionPlugins.Default.Contains))}.",
            HelpName = "NAME[,NAME]",
            CustomParser = static result => [.. result.Tokens.SelectMany(static t => t.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
        };
    }

    /// <summary>How many requests run at one time, and who is told of them.</summary>
    private sealed class RequestOptions
    {
        public Option<string?> AuditPath { get; } = new("--audit-log-path")
        { Description = "Writes an event of audit.k8s.io/v1 for every request, a line each; '-' is standard output.", HelpName = "FILE" };

        public Option<string?> AuditPolicy { get; } = new("--audit-policy-file")
        { Description = "Which requests are written, and how much of them: a Policy of audit.k8s.io/v1. Without it, the metadata of all.", HelpName = "FILE" };

        public Option<int> AuditSize { get; } = Count("--audit-log-maxsize", "An audit log of this size is put aside (MiB); 0 lets it grow.", 100, 0, 1_000_000);

        public Option<int> AuditBackups { get; } = Count("--audit-log-maxbackup", "How many audit logs that were put aside are kept; 0 keeps all.", 10, 0, 100_000);

        public Option<int> Max { get; } = Count("--max-requests-inflight",
            "How many requests are carried out at one time, divided among the priority levels; others wait or get 429.", 600, 1, 1_000_000);

        public Option<TimeSpan?> Timeout { get; } = DurationOption.Of("--request-timeout", "How long a request may take that is no watch and no stream.", "1m", zero: false);

        /// <exception cref="StartException">The policy cannot be read.</exception>
        public AuditTarget? ReadAudit(ParseResult result)
        {
            var policy = ApiServer.Audit.AuditPolicy.Metadata;
            if (result.GetValue(AuditPolicy) is { } file)
            {
                try
                {
                    policy = ApiServer.Audit.AuditPolicy.Parse(File.ReadAllBytes(file));
                }
                catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
                {
                    throw new StartException($"The audit policy {file} cannot be used: {e.Message}", e);
                }
            }
            if (result.GetValue(AuditPath) is not { } path) return null;
            RequireWritable(path);
            return new AuditTarget(path, policy, result.GetValue(AuditSize) * 1024L * 1024, result.GetValue(AuditBackups));
        }

        /// <summary>Who asks for a record must not find out later that there is none.</summary>
        private static void RequireWritable(string path)
        {
            if (path == "-") return;
            try
            {
                using var file = new FileStream(path, FileMode.Append);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StartException($"The audit log {path} cannot be written: {e.Message}", e);
            }
        }

        private static Option<int> Count(string name, string description, int otherwise, int min, int max)
        {
            var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
            option.Validators.Add(r =>
            {
                if (r.Tokens.Count == 1 && (!int.TryParse(r.Tokens[0].Value, out var n) || n < min || n > max)) r.AddError($"{name} takes a number from {min} to {max}.");
            });
            return option;
        }
    }

    /// <summary>The options that every member of a cluster takes.</summary>
    private sealed class MemberOptions(string data, string remoting = DefaultRemoting)
    {
        public Option<string> Data { get; } = new("--data")
        { Description = "The folder that the process keeps its state in.", HelpName = "DIR", DefaultValueFactory = _ => data };

        public Option<IPEndPoint> Remoting { get; } =
            EndPointOption("--remoting", "Where remoting listens; port 0 is picked and printed.", remoting);

        public Option<string?> Config { get; } = ConfigOption();

        public Option<bool> Insecure { get; } = new("--insecure")
        { Description = "Allow remoting without TLS on an address that is not loopback: anyone who reaches it rules the cluster." };

        public ProcessSettings Read(ParseResult result) => new()
        {
            ControlPlane = false,
            Node = false,
            DataDirectory = result.GetValue(Data)!,
            Remoting = result.GetValue(Remoting)!,
            ConfigFile = result.GetValue(Config),
            Insecure = result.GetValue(Insecure),
        };
    }
}
