using System.Globalization;

namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>What the process of a role is told on its command line.</summary>
/// <param name="AssemblyPath">The test assembly.</param>
/// <param name="ClassName">Full name of the spec.</param>
/// <param name="MethodName">Its method to run.</param>
/// <param name="RoleIndex">Which role it plays, counted from 0.</param>
/// <param name="RoleCount">How many roles there are; a process that counts others has another configuration.</param>
/// <param name="ConductorPort">TCP port of the conductor on loopback.</param>
internal sealed record NodeCommand(string AssemblyPath, string ClassName, string MethodName, int RoleIndex, int RoleCount, int ConductorPort)
{
    public string[] ToArguments() => [AssemblyPath, ClassName, MethodName, Text(RoleIndex), Text(RoleCount), Text(ConductorPort)];

    /// <exception cref="ArgumentException">These are not the arguments of a node.</exception>
    public static NodeCommand Parse(string[] args) => args.Length == 6
        ? new NodeCommand(args[0], args[1], args[2], Number(args[3]), Number(args[4]), Number(args[5]))
        : throw new ArgumentException("Expected: assembly, class, method, index of the role, count of roles, port of the conductor.");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ArgumentException($"'{text}' is no number.");
}
