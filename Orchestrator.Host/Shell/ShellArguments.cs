namespace Orchestrator.Host.Shell;

/// <summary>The words of a command, taken apart: what it acts on, and its flags by their long names.</summary>
public sealed class ShellArguments
{
    private static readonly Dictionary<string, string> ShortNames = new(StringComparer.Ordinal)
    {
        ["-n"] = "--namespace",
        ["-A"] = "--all-namespaces",
        ["-l"] = "--selector",
        ["-f"] = "--filename",
        ["-c"] = "--container",
        ["-p"] = "--previous",
        ["-o"] = "--output",
    };

    private static readonly HashSet<string> Switches = new(StringComparer.Ordinal) { "--all-namespaces", "--follow", "--previous", "--timestamps" };

    private static readonly HashSet<string> Valued = new(StringComparer.Ordinal)
    { "--namespace", "--selector", "--filename", "--container", "--replicas", "--tail", "--limit", "--output", "--grace-period", "--at", "--to" };

    private readonly Dictionary<string, string> _flags = new(StringComparer.Ordinal);

    /// <exception cref="ShellException">A flag is not known or lacks its value.</exception>
    public ShellArguments(string[] words)
    {
        Verb = words[0];
        var positional = new List<string>();
        for (var i = 1; i < words.Length; i++)
        {
            var word = words[i];
            if (!word.StartsWith('-') || word == "-")
            {
                positional.Add(word);
                continue;
            }
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word : word[..equals];
            // kubectl's -f means --follow of logs and --filename elsewhere.
            name = name == "-f" && Verb == "logs" ? "--follow" : ShortNames.GetValueOrDefault(name, name);
            if (Switches.Contains(name)) _flags[name] = "true";
            else if (!Valued.Contains(name)) throw new ShellException($"{Verb} knows no {word}; try 'help'");
            else if (equals >= 0) _flags[name] = word[(equals + 1)..];
            else if (i + 1 < words.Length) _flags[name] = words[++i];
            else throw new ShellException($"{word} needs a value");
        }
        Positional = [.. positional];
    }

    public string Verb { get; }
    public string[] Positional { get; }

    public string? this[string flag] => _flags.GetValueOrDefault(flag);

    public bool Has(string flag) => _flags.ContainsKey(flag);

    /// <exception cref="ShellException">There are fewer words than that.</exception>
    public string Required(int index, string what) =>
        index < Positional.Length ? Positional[index] : throw new ShellException($"{Verb} needs {what}; try 'help'");
}

/// <summary>Why a command of the shell cannot be carried out, as its user reads it.</summary>
public sealed class ShellException(string message) : Exception(message);
