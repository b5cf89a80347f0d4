using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Node.Runtime.Docker;

/// <summary>Connects to localhost of another network namespace.</summary>
/// <remarks>
/// A socket belongs to the namespace in which it was made, for good. So a thread of its own enters the namespace, makes the
/// connection and ends; no other thread ever leaves the machine's namespace. Needs CAP_SYS_ADMIN.
/// </remarks>
internal static partial class NetworkNamespace
{
    private const int CloneNewNet = 0x40000000;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);

    /// <param name="processId">A process in the namespace.</param>
    /// <exception cref="IOException">The namespace cannot be entered.</exception>
    /// <exception cref="SocketException">Nothing listens there.</exception>
    public static Task<Stream> ConnectAsync(long processId, int port)
    {
        var done = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                done.SetResult(Connect(processId, port));
            }
            catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "enter network namespace" };
        thread.Start();
        return done.Task;
    }

    private static NetworkStream Connect(long processId, int port)
    {
        using var handle = File.OpenHandle($"/proc/{processId}/ns/net");
        if (SetNamespace(handle, CloneNewNet) != 0)
            throw new IOException($"cannot enter the pod's network namespace: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            return Connect(IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            return Connect(IPAddress.IPv6Loopback, port);
        }
    }

    private static NetworkStream Connect(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(address, port);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
