namespace Milvus.Vectors;

/// <summary>Registers of sixteen queries in a group: a constant to the compiler, which leaves out what is beyond.</summary>
internal interface IQueryRegisters
{
    static abstract int Count { get; }
}

/// <summary>Up to 16 queries.</summary>
internal readonly struct OneRegister : IQueryRegisters
{
    public static int Count => 1;
}

/// <summary>Up to 32 queries.</summary>
internal readonly struct TwoRegisters : IQueryRegisters
{
    public static int Count => 2;
}

/// <summary>Up to 48 queries.</summary>
internal readonly struct ThreeRegisters : IQueryRegisters
{
    public static int Count => 3;
}
