namespace Akka.Util
{
    /// <summary>A random source for the calling thread.</summary>
    public static class ThreadLocalRandom
    {
        public static Random Current => Random.Shared;
    }

    /// <summary>Type names with the assembly but without its version.</summary>
    public static class TypeExtensions
    {
        public static string TypeQualifiedName(this Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";
    }
}

namespace Akka.Util.Internal
{
    /// <summary>Casts that read left to right.</summary>
    public static class Extensions
    {
        public static T AsInstanceOf<T>(this object self) => (T)self;
    }

    /// <summary>A counter that threads share.</summary>
    public class AtomicCounter(int initialValue = 0)
    {
        private int _value = initialValue;

        public int Current => Volatile.Read(ref _value);
        public int Next() => Interlocked.Increment(ref _value);
        public int GetAndIncrement() => Interlocked.Increment(ref _value) - 1;
        public int IncrementAndGet() => Interlocked.Increment(ref _value);
        public int DecrementAndGet() => Interlocked.Decrement(ref _value);
        public int AddAndGet(int amount) => Interlocked.Add(ref _value, amount);
        public void Reset() => Interlocked.Exchange(ref _value, 0);
    }

    /// <summary>A counter that threads share.</summary>
    public class AtomicCounterLong(long initialValue = 0)
    {
        private long _value = initialValue;

        public long Current => Volatile.Read(ref _value);
        public long Next() => Interlocked.Increment(ref _value);
        public long GetAndIncrement() => Interlocked.Increment(ref _value) - 1;
        public long IncrementAndGet() => Interlocked.Increment(ref _value);
    }

    /// <summary>A reference that threads share.</summary>
    public class AtomicReference<T>(T originalValue) where T : class
    {
        private T _value = originalValue;

        public AtomicReference() : this(null) { }

        public T Value
        {
            get => Volatile.Read(ref _value);
            set => Volatile.Write(ref _value, value);
        }

        public bool CompareAndSet(T expected, T newValue) =>
            ReferenceEquals(Interlocked.CompareExchange(ref _value, newValue, expected), expected);

        public T GetAndSet(T newValue) => Interlocked.Exchange(ref _value, newValue);
    }

    /// <summary>A flag that threads share.</summary>
    public class AtomicBoolean(bool initialValue = false)
    {
        private int _value = initialValue ? 1 : 0;

        public bool Value
        {
            get => Volatile.Read(ref _value) == 1;
            set => Volatile.Write(ref _value, value ? 1 : 0);
        }

        public bool CompareAndSet(bool expected, bool newValue) =>
            Interlocked.CompareExchange(ref _value, newValue ? 1 : 0, expected ? 1 : 0) == (expected ? 1 : 0);

        public bool GetAndSet(bool newValue) => Interlocked.Exchange(ref _value, newValue ? 1 : 0) == 1;
    }
}
