#include "textflag.h"

// Both kernels probe positions base+phase+4*lane, phase = 0, step, .. below 4:
// fold (or 0x20), mask, h = (z0 ^ rotl(z1, 7)) * 0x9E3779B1, h ^= h >> 16 as
// hashWindow does, then the three bits of the filter word h >> shift. For each
// block and phase with a hit, a pair (lane mask, position of lane 0) goes to
// out; the word behind the last pair is scratch.

// func strided512(p unsafe.Pointer, n, w, step int, filter unsafe.Pointer, shift, mask uint64, out *laneHit) int
TEXT ·strided512(SB), NOSPLIT, $0-72
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ w+16(FP), DX
	MOVQ step+24(FP), R8
	MOVQ filter+32(FP), DI
	MOVQ shift+40(FP), R9
	MOVQ mask+48(FP), R10
	MOVQ out+56(FP), BX
	VPBROADCASTD R10, Z20          // window mask
	MOVL $0x20202020, R11
	VPBROADCASTD R11, Z21          // fold
	MOVL $0x9E3779B1, R11
	VPBROADCASTD R11, Z22          // multiplier
	MOVL $1, R11
	VPBROADCASTD R11, Z23          // ones
	VMOVQ R9, X24                  // shift count
	XORL R9, R9
	LEAQ -4(DX), R12               // distance of the window's second word
	TESTQ R12, R12
	CMOVQLT R9, R12
	MOVQ CX, R13
	SUBQ DX, R13
	INCQ R13                       // positions to probe
	XORL AX, AX                    // base
	LEAQ 68(R12), R15              // bytes a whole block reads: 64, the last phase, the second word
	SUBQ R8, R15

block:
	CMPQ AX, R13
	JGE  done
	LEAQ (AX)(R15*1), R11
	CMPQ R11, CX
	JG   tail
	XORL R10, R10                  // phase

phase:
	LEAQ (AX)(R10*1), R14
	LEAQ (R14)(R12*1), R11
	VPORD (SI)(R14*1), Z21, Z0
	VPORD (SI)(R11*1), Z21, Z1
	VPANDD Z20, Z0, Z0
	VPANDD Z20, Z1, Z1
	VPROLD $7, Z1, Z1
	VPXORD Z1, Z0, Z0
	VPMULLD Z22, Z0, Z0
	VPSRLD $16, Z0, Z1
	VPXORD Z1, Z0, Z0
	VPSRLD X24, Z0, Z1
	KXNORW K1, K1, K1
	VPXORD Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*4), K1, Z2
	VPSRLD $5, Z0, Z3
	VPSRLD $10, Z0, Z4
	VPROLVD Z0, Z23, Z5
	VPROLVD Z3, Z23, Z3
	VPROLVD Z4, Z23, Z4
	VPTERNLOGD $0xFE, Z3, Z4, Z5
	VPANDND Z5, Z2, Z5             // bits that the word lacks
	VPTESTNMD Z5, Z5, K2
	KMOVW K2, R11
	MOVQ R11, (BX)
	MOVQ R14, 8(BX)
	XORL R9, R9
	TESTL R11, R11
	SETNE R9
	SHLQ $4, R9
	ADDQ R9, BX
	ADDQ R8, R10
	CMPQ R10, $4
	JLT  phase
	ADDQ $64, AX
	JMP  block

tail:                              // as above, with loads and lanes masked
	XORL R10, R10

tphase:
	LEAQ (AX)(R10*1), R14
	XORL DX, DX
	MOVQ $-1, R11
	MOVQ CX, R9
	SUBQ R14, R9                   // bytes left
	CMOVQLT DX, R9
	CMPQ R9, $64
	JLE  left0
	MOVL $64, R9
left0:
	BZHIQ R9, R11, R9
	KMOVQ R9, K3
	MOVQ CX, R9
	SUBQ R14, R9
	SUBQ R12, R9
	CMOVQLT DX, R9
	CMPQ R9, $64
	JLE  left1
	MOVL $64, R9
left1:
	BZHIQ R9, R11, R9
	KMOVQ R9, K4
	LEAQ (R14)(R12*1), R11
	VMOVDQU8.Z (SI)(R14*1), K3, Z0
	VMOVDQU8.Z (SI)(R11*1), K4, Z1
	VPORD Z21, Z0, Z0
	VPORD Z21, Z1, Z1
	VPANDD Z20, Z0, Z0
	VPANDD Z20, Z1, Z1
	VPROLD $7, Z1, Z1
	VPXORD Z1, Z0, Z0
	VPMULLD Z22, Z0, Z0
	VPSRLD $16, Z0, Z1
	VPXORD Z1, Z0, Z0
	VPSRLD X24, Z0, Z1
	MOVQ R13, R9                   // lanes: (positions left + 3) / 4, at most 16
	SUBQ R14, R9
	ADDQ $3, R9
	CMOVQLT DX, R9
	SHRQ $2, R9
	CMPQ R9, $16
	JLE  lanes
	MOVL $16, R9
lanes:
	MOVL $0xFFFF, R11
	BZHIL R9, R11, R9
	KMOVW R9, K1
	KMOVW R9, K5
	VPXORD Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*4), K1, Z2
	VPSRLD $5, Z0, Z3
	VPSRLD $10, Z0, Z4
	VPROLVD Z0, Z23, Z5
	VPROLVD Z3, Z23, Z3
	VPROLVD Z4, Z23, Z4
	VPTERNLOGD $0xFE, Z3, Z4, Z5
	VPANDND Z5, Z2, Z5
	VPTESTNMD Z5, Z5, K5, K2
	KMOVW K2, R11
	MOVQ R11, (BX)
	MOVQ R14, 8(BX)
	XORL R9, R9
	TESTL R11, R11
	SETNE R9
	SHLQ $4, R9
	ADDQ R9, BX
	ADDQ R8, R10
	CMPQ R10, $4
	JLT  tphase
	ADDQ $64, AX
	JMP  block

done:
	VZEROUPPER
	SUBQ out+56(FP), BX
	SHRQ $4, BX
	MOVQ BX, ret+64(FP)
	RET

// func strided256(p unsafe.Pointer, n, w, step int, filter unsafe.Pointer, shift, mask uint64, out *laneHit) (hits, done int)
// Whole blocks of 32 bytes alone; done is the first position not probed.
TEXT ·strided256(SB), NOSPLIT, $0-80
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ w+16(FP), DX
	MOVQ step+24(FP), R8
	MOVQ filter+32(FP), DI
	MOVQ shift+40(FP), R9
	MOVQ mask+48(FP), R10
	MOVQ out+56(FP), BX
	VMOVD R10, X0
	VPBROADCASTD X0, Y10           // window mask
	MOVL $0x20202020, R11
	VMOVD R11, X0
	VPBROADCASTD X0, Y11           // fold
	MOVL $0x9E3779B1, R11
	VMOVD R11, X0
	VPBROADCASTD X0, Y12           // multiplier
	MOVL $1, R11
	VMOVD R11, X0
	VPBROADCASTD X0, Y13           // ones
	MOVL $31, R11
	VMOVD R11, X0
	VPBROADCASTD X0, Y14
	VMOVQ R9, X15                  // shift count
	XORL R9, R9
	LEAQ -4(DX), R12
	TESTQ R12, R12
	CMOVQLT R9, R12
	XORL AX, AX
	LEAQ 36(R12), DX               // bytes a block reads
	SUBQ R8, DX

block:
	LEAQ (AX)(DX*1), R11
	CMPQ R11, CX
	JG   done
	XORL R10, R10

phase:
	LEAQ (AX)(R10*1), R14
	LEAQ (R14)(R12*1), R11
	VPOR (SI)(R14*1), Y11, Y0
	VPOR (SI)(R11*1), Y11, Y1
	VPAND Y10, Y0, Y0
	VPAND Y10, Y1, Y1
	VPSLLD $7, Y1, Y2
	VPSRLD $25, Y1, Y1
	VPOR Y1, Y2, Y1
	VPXOR Y1, Y0, Y0
	VPMULLD Y12, Y0, Y0
	VPSRLD $16, Y0, Y1
	VPXOR Y1, Y0, Y0
	VPSRLD X15, Y0, Y1
	VPCMPEQD Y3, Y3, Y3
	VPXOR Y2, Y2, Y2
	VPGATHERDD Y3, (DI)(Y1*4), Y2
	VPAND Y14, Y0, Y3
	VPSRLD $5, Y0, Y4
	VPSRLD $10, Y0, Y5
	VPAND Y14, Y4, Y4
	VPAND Y14, Y5, Y5
	VPSLLVD Y3, Y13, Y3
	VPSLLVD Y4, Y13, Y4
	VPSLLVD Y5, Y13, Y5
	VPOR Y3, Y4, Y4
	VPOR Y4, Y5, Y5
	VPANDN Y5, Y2, Y2              // bits that the word lacks
	VPXOR Y3, Y3, Y3
	VPCMPEQD Y3, Y2, Y2
	VMOVMSKPS Y2, R11
	MOVQ R11, (BX)
	MOVQ R14, 8(BX)
	XORL R9, R9
	TESTL R11, R11
	SETNE R9
	SHLQ $4, R9
	ADDQ R9, BX
	ADDQ R8, R10
	CMPQ R10, $4
	JLT  phase
	ADDQ $32, AX
	JMP  block

done:
	VZEROUPPER
	SUBQ out+56(FP), BX
	SHRQ $4, BX
	MOVQ BX, hits+64(FP)
	MOVQ AX, done+72(FP)
	RET
