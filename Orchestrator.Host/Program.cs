using Orchestrator.Host.Processes;
using Orchestrator.Host.Shell;

return await CommandLine.RunAsync(
    args,
    new CommandHandlers((settings, stop) => MemberProcess.RunAsync(settings, Console.Out, stop), ShellClient.RunAsync),
    Console.Error);
