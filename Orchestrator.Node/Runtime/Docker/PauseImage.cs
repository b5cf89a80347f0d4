using System.Buffers.Binary;
using System.Formats.Tar;
using System.Runtime.InteropServices;

namespace Orchestrator.Node.Runtime.Docker;

/// <summary>The image of a pod's sandbox: one static program of under 250 bytes, made here because no registry may be in reach.</summary>
/// <remarks>
/// The program waits for SIGTERM or SIGINT and ends; on SIGCHLD it collects orphans, which it inherits when the pod shares its
/// process namespace. It blocks those signals and fetches them with rt_sigtimedwait, for the kernel withholds unhandled signals
/// from the first process of a namespace only while they are not blocked.
/// </remarks>
public static class PauseImage
{
    public const string Name = "orchestrator/pause";
    public const string Tag = "1";

    private const ulong LoadAddress = 0x400000;
    private const int HeaderLength = 64 + 56;

    /// <summary>SIGINT, SIGTERM and SIGCHLD as the kernel's signal set.</summary>
    private const uint SignalSet = 1 << (2 - 1) | 1 << (15 - 1) | 1 << (17 - 1);

    /// <summary>The file system of the image, as a tar archive.</summary>
    /// <exception cref="PlatformNotSupportedException">The architecture is neither x64 nor arm64.</exception>
    public static MemoryStream Archive(Architecture architecture)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "pause")
            {
                Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                DataStream = new MemoryStream(Program(architecture)),
            });
        }
        archive.Position = 0;
        return archive;
    }

    /// <summary>The program: an ELF header, one loadable segment, the code.</summary>
    public static byte[] Program(Architecture architecture)
    {
        var (machine, code) = architecture switch
        {
            Architecture.X64 => ((ushort)62, X64Code()),
            Architecture.Arm64 => ((ushort)183, Arm64Code()),
            _ => throw new PlatformNotSupportedException($"no pause program for {architecture}"),
        };
        var elf = new byte[HeaderLength + code.Length];
        ReadOnlySpan<byte> identity = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(elf);
        void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), value);
        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);
        void Long(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at), value);
        Half(16, 2); // an executable
        Half(18, machine);
        Word(20, 1);
        Long(24, LoadAddress + HeaderLength); // the entry point
        Long(32, 64); // where the program headers are
        Half(52, 64);
        Half(54, 56);
        Half(56, 1);
        Word(64, 1); // a loadable segment,
        Word(68, 5); // readable and executable
        Long(80, LoadAddress);
        Long(88, LoadAddress);
        Long(96, (ulong)elf.Length);
        Long(104, (ulong)elf.Length);
        Long(112, 0x1000);
        code.CopyTo(elf.AsSpan(HeaderLength));
        return elf;
    }

    private static byte[] X64Code() =>
    [
        0x68, 0x02, 0x40, 0x01, 0x00,       // push the signal set
        0x31, 0xFF,                         // rdi = SIG_BLOCK
        0x48, 0x89, 0xE6,                   // rsi = rsp
        0x31, 0xD2,                         // rdx = 0
        0x6A, 0x08, 0x41, 0x5A,             // r10 = 8
        0x6A, 0x0E, 0x58, 0x0F, 0x05,       // rt_sigprocmask
        0x48, 0x89, 0xE7,                   // wait: rdi = rsp
        0x31, 0xF6, 0x31, 0xD2,             // rsi = rdx = 0
        0x6A, 0x08, 0x41, 0x5A,             // r10 = 8
        0xB8, 0x80, 0x00, 0x00, 0x00, 0x0F, 0x05, // rt_sigtimedwait
        0x83, 0xF8, 0x11, 0x74, 0x0B,       // SIGCHLD: go to reap
        0x85, 0xC0, 0x78, 0xE4,             // interrupted: go to wait
        0x31, 0xFF, 0x6A, 0x3C, 0x58, 0x0F, 0x05, // exit(0)
        0x6A, 0xFF, 0x5F,                   // reap: rdi = -1
        0x31, 0xF6,                         // rsi = 0
        0x6A, 0x01, 0x5A,                   // rdx = WNOHANG
        0x45, 0x31, 0xD2,                   // r10 = 0
        0x6A, 0x3D, 0x58, 0x0F, 0x05,       // wait4
        0x85, 0xC0, 0x7F, 0xEC,             // another one: go to reap
        0xEB, 0xC5,                         // go to wait
    ];

    private static byte[] Arm64Code()
    {
        const uint supervisorCall = 0xD4000001;
        static uint Set(uint register, uint value) => 0xD2800000 | value << 5 | register;
        static uint StackPointerTo(uint register) => 0x910003E0 | register;
        static uint Compare(uint value) => 0xF100001F | value << 10; // x0 with value
        static uint Branch(int words) => 0x14000000 | (uint)words & 0x03FFFFFF;
        static uint BranchIf(uint condition, int words) => 0x54000000 | ((uint)words & 0x7FFFF) << 5 | condition;
        const uint equal = 0, less = 0xB, greater = 0xC;
        uint[] code =
        [
            Set(0, SignalSet & 0xFFFF), 0xF2A00000 | SignalSet >> 16 << 5, 0xF81F0FE0, // push the signal set
            Set(0, 0), StackPointerTo(1), Set(2, 0), Set(3, 8), Set(8, 135), supervisorCall, // rt_sigprocmask
            StackPointerTo(0), Set(1, 0), Set(2, 0), Set(3, 8), Set(8, 137), supervisorCall, // 9: rt_sigtimedwait
            Compare(17), BranchIf(equal, 6), Compare(0), BranchIf(less, -9),
            Set(0, 0), Set(8, 93), supervisorCall, // exit(0)
            0x92800000, Set(1, 0), Set(2, 1), Set(3, 0), Set(8, 260), supervisorCall, // 22: wait4(-1, 0, WNOHANG, 0)
            Compare(0), BranchIf(greater, -7), Branch(-21),
        ];
        var bytes = new byte[code.Length * 4];
        for (var i = 0; i < code.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), code[i]);
        return bytes;
    }
}
